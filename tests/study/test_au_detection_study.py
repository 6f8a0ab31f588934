"""The study of detectors: jobs on pictures that tell a unit, and tables on made-up answers."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from facsinterp_studies.au_detection import published
from facsinterp_studies.au_detection.answer import answer
from facsinterp_studies.au_detection.differences import difference_table
from facsinterp_studies.au_detection.findings import findings
from facsinterp_studies.au_detection.found import Found
from facsinterp_studies.au_detection.intensities import intensity_table
from facsinterp_studies.au_detection.jobs import PREDICTIONS, plan, small_pictures
from facsinterp_studies.au_detection.peaks import peaks
from facsinterp_studies.au_detection.said import Said
from facsinterp_studies.au_detection.sections import sections
from facsinterp_studies.au_detection.tables import pooled_table, score_table, seed_table
from facsinterp_studies.au_detection.units import ARMS, MAIN, PLAIN, judgeable, unit_table
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

from facsinterp.association.rows import rows_looked_at
from facsinterp.errors import InputError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.table import FaceTable
from facsinterp.study import registry
from facsinterp.study.corpus import Corpus
from facsinterp.study.jobs.contract import Given
from facsinterp.study.parse import read_spec
from facsinterp.testing import StudyContract, tiny_faces, tiny_store
from facsinterp.testing.tiny import tiny_inputs, tiny_network_part

AuDetection: Any = registry.load("au-detection")
STUDIES = Path(__file__).parents[2] / "studies" / "au_detection"
SIZE, PEOPLE, EACH = 32, 36, 4
UNITS = (6, 15, 20)


class TestAuDetectionContract(StudyContract):
    study = AuDetection(epochs=2, draws=200)


def made_up(flip_test: str = ""):
    """Faces of people, a neutral and two coded frames a sequence, whose upper half is lighter with
    AU6; AU15 is in no pixel and AU20 rare. `flip_test`: a person whose codes are turned round."""
    rng = np.random.default_rng(4)
    many = PEOPLE * EACH
    shown = rng.random((many, 3)) < (0.45, 0.4, 0.04)
    person = np.array([f"S{i // EACH:02d}" for i in range(many)])
    light = rng.normal(100, 10, (many, 1, 1)) + rng.normal(0, 15, (many, SIZE, SIZE))
    light[:, : SIZE // 2] += 40 * shown[:, 0, None, None]
    pictures = np.repeat(light, 3, axis=0) + rng.normal(0, 2, (3 * many, SIZE, SIZE))
    codes = np.repeat(shown ^ (person == flip_test)[:, None], 3, axis=0)
    coded = np.tile(np.array([False, True, True])[:, None], (many, 3))
    names = [f"{person[i]}_{i:03d}" for i in range(many)]
    images = [f"{name}_{frame}" for name in names for frame in (1, 2, 3)]
    faces = FaceTable.from_arrays(
        images,
        UNITS,
        codes & coded,
        coded=coded,
        intensity=np.where(coded, 3.0 * codes, np.nan),
        subject=np.repeat(person, 3).tolist(),
        sequence=np.repeat(names, 3).tolist(),
        frame=[1, 2, 3] * many,
        phase=["neutral", "", "apex"] * many,
        expression=np.repeat(np.where(shown[:, 0], "happy", "sadness"), 3).tolist(),
    )
    pixels = Pixels.from_array(np.array(images), pictures.clip(0, 255).astype(np.uint8))
    return Corpus("drawn", "Made-up faces", faces, pixels)


def jobs_of(corpus, arm):
    how: dict[str, Any] = {"l1": 1e-4, "l2": 1e-4, "epochs": 30, "learning_rate": 0.01}
    return plan(tiny_network_part(), corpus, seeds=(1, 2), deal=0, **how)[arm]


def predicted(corpus, folder):
    job = jobs_of(corpus, "pixels")[0]
    folder.mkdir()
    job.do(Given(folder, {"": corpus}, "cpu", {}))
    return job, pd.read_parquet(folder / PREDICTIONS)


@pytest.fixture(scope="module")
def from_pixels(tmp_path_factory):
    corpus = made_up()
    return corpus, *predicted(corpus, tmp_path_factory.mktemp("job") / "one")


def test_a_job_answers_once_a_sequence_and_only_for_its_test_people(from_pixels):
    corpus, job, table = from_pixels
    fold = job.training.split(corpus)
    subjects = corpus.faces.column("subject")
    assert set(table["subject"]) == set(subjects[fold.test])
    assert not set(table["subject"]) & set(subjects[fold.train])
    assert table["image"].str.endswith("_3").all()  # the apex, not its near copy or the neutral
    assert not table.duplicated(["image", "au", "detector", "weighed"]).any()
    assert len(table) == len(set(subjects[fold.test])) * EACH * len(UNITS) * 3


def test_what_the_pictures_tell_is_told_and_what_is_rare_is_refused(from_pixels):
    _, _, table = from_pixels
    for (_detector, _weighed), said in table.groupby(["detector", "weighed"]):
        easy, blank = (said[said["au"] == unit] for unit in (6, 15))
        assert roc_auc_score(easy["present"], easy["probability"]) > 0.9
        assert roc_auc_score(blank["present"], blank["probability"]) < 0.8
        rare = said[said["au"] == 20]
        assert rare["probability"].isna().all()
        assert rare["refused"].str.contains("too few training faces with it").all()
    alone = table["detector"] == "alone"
    assert table["told"][alone].isna().all()
    assert table["told"][~alone & (table["au"] == 6)].between(0, 5).all()


def test_codes_of_test_people_change_nothing_that_is_said(from_pixels, tmp_path):
    corpus, job, table = from_pixels
    tested = corpus.faces.column("subject")[job.training.split(corpus).test][0]
    _, other = predicted(made_up(flip_test=tested), tmp_path / "two")
    assert (table["present"] != other["present"]).any()
    np.testing.assert_array_equal(table["probability"], other["probability"])
    np.testing.assert_array_equal(table["told"], other["told"])


def test_pixels_need_no_network_and_untrained_networks_are_others():
    corpus = made_up()
    assert jobs_of(corpus, "pixels")[0].after() == ()
    assert len(jobs_of(corpus, "pixels")) == 3  # no seed of a network in them
    for arm in ("trained", "untrained", "emotion"):
        jobs = jobs_of(corpus, arm)
        assert len(jobs) == 6
        assert all(job.after()[0].network.untrained == (arm == "untrained") for job in jobs)
    keys = [job.key({"": corpus}) for arm in ARMS for job in jobs_of(corpus, arm)]
    assert len(set(keys)) == len(keys)


def test_peaks_are_the_rows_that_associations_look_at(tmp_path):
    faces, _ = tiny_faces()
    store = tiny_store(tmp_path)
    np.testing.assert_array_equal(peaks(faces), rows_looked_at(store, "all", "sequence"))
    corpus = made_up()
    assert corpus.faces.images[peaks(corpus.faces)].tolist() == [
        name for name in corpus.faces.images if name.endswith("_3")
    ]


def test_small_pictures_are_means_over_a_grid():
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (2, 48, 48)).astype(np.uint8)
    wanted = grey.reshape(2, 24, 2, 24, 2).mean(axis=(2, 4)).reshape(2, -1)
    np.testing.assert_allclose(small_pictures(grey), wanted, rtol=1e-5)
    colour = np.repeat(grey[..., None], 3, axis=3)
    np.testing.assert_allclose(small_pictures(colour), wanted, rtol=1e-5)


@pytest.mark.parametrize("labels", ["expression", "identity", "shuffled"])
def test_a_definition_that_learns_no_expressions_is_refused(tmp_path, labels):
    inputs = tiny_inputs(tmp_path, needs=frozenset())
    part = tiny_network_part()
    assert part.train is not None
    train = part.train.model_copy(update={"labels": labels})
    other = part.model_copy(update={"train": train, "untrained": labels == "expression"})
    with pytest.raises(InputError, match="trains a network on expressions"):
        AuDetection().jobs(replace(inputs, network_part=other))


# ---- tables, on answers that are made up: AU6 is told, AU15 is not, AU20 never had a detector


def answers(arm, seed, fold, rng):
    """What the detectors of one job left, of 14 people and 3 sequences each."""
    names = [f"{fold}-S{i:02d}" for i in range(14)]
    rows = []
    skill = {"trained": 1.2, "untrained": 0.6, "pixels": 0.4, "emotion": 0.5}[arm]
    for i, name in enumerate(names):
        for k in range(3):
            codes = np.random.default_rng([int(fold[-1]), i, k])
            present = codes.random(3) < (0.4, 0.4, 0.1)
            for detector, weighed in (("alone", True), ("together", True), ("together", False)):
                logit = rng.normal(0, 1, 3) + skill * np.array([1, 0, 0]) * (2 * present - 1)
                for u, unit in enumerate(UNITS):
                    told = float(np.clip(3 * present[u] + rng.normal(0, 0.5), 0, 5))
                    rows.append(
                        {
                            "image": f"{name}-{k}",
                            "subject": name,
                            "sequence": f"{name}-{k}",
                            "expression": "happy" if k else "",
                            "fold": fold,
                            "au": unit,
                            "coded": True,
                            "present": present[u],
                            "intensity": 3.0 * present[u],
                            "probability": np.nan if unit == 20 else 1 / (1 + np.exp(-logit[u])),
                            "told": told if detector == "together" and unit != 20 else np.nan,
                            "refused": "too few training faces with it: 4" if unit == 20 else "",
                            "detector": detector,
                            "weighed": weighed,
                        }
                    )
    table = pd.DataFrame(rows).sample(frac=1, random_state=seed)
    return table.assign(answer=table["probability"] >= 0.5)


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """Tables and folders of all jobs: two folds, two seeds, one for pixels."""
    top, rng = tmp_path_factory.mktemp("left"), np.random.default_rng(1)
    tables: dict[Any, pd.DataFrame] = {}
    folders: dict[str, dict[int, list[Path]]] = {}
    for arm in ARMS:
        for seed in (1, 2) if arm != "pixels" else (1,):
            for fold in ("fold-1", "fold-2"):
                place = top / f"{arm}-{seed}-{fold}"
                place.mkdir()
                tables[arm, seed, fold] = answers(arm, seed, fold, rng)
                tables[arm, seed, fold].to_parquet(place / PREDICTIONS, index=False)
                folders.setdefault(arm, {}).setdefault(seed, []).append(place)
    return tables, folders


@pytest.fixture(scope="module")
def said(left):
    return Said.of(left[1])


def cells(tables, arm, kind, unit, seeds=(1, 2)):
    """The cells of one unit, both folds and the given seeds, as the jobs left them."""
    detector, weighed = kind
    some = pd.concat(
        [table for (a, seed, _), table in tables.items() if a == arm and seed in seeds]
    )
    kept = (some["detector"] == detector) & (some["weighed"] == weighed) & (some["au"] == unit)
    return some[kept]


def test_rows_of_all_arms_stand_side_by_side(left, said):
    tables, _ = left
    assert (said.peaks, len(said.seed), said.units) == (84, 168, UNITS)
    one = cells(tables, "pixels", ("alone", True), 6).sort_values(["fold", "image"])
    wanted = np.tile(one["probability"].to_numpy(), 2)  # pixels have no seed
    np.testing.assert_array_equal(said.probability["pixels", "alone", True][:, 0], wanted)
    np.testing.assert_array_equal(said.present[:84], said.present[84:])


def test_units_without_enough_are_told_apart_with_the_reason(said):
    table = unit_table(said, 15, 5).set_index("unit")
    assert table["untestable"][["AU6", "AU15"]].tolist() == ["", ""]
    rare = table.loc["AU20"]
    assert rare["sequences"] == said.present[:84, 2].sum() > 0
    assert (rare["told"], rare["folds"], rare["of_folds"]) == (0, 0, 2)
    assert rare["untestable"] == "no fold has a detector: too few training faces with it: 4"
    assert judgeable(said, 15, 5).tolist() == [0, 1]
    shown = said.present[:84, 0].sum()
    assert judgeable(said, shown, 5).tolist()[:1] == [0]
    assert 0 not in judgeable(said, shown + 1, 5)
    people = len(np.unique(said.subjects[said.present[:, 0]]))
    assert 0 in judgeable(said, 15, people)
    assert 0 not in judgeable(said, 15, people + 1)


def test_scores_are_those_of_scikit_learn_over_folds_and_seeds(left, said):
    table = score_table(said, np.array([0, 1]), 200, 0)
    assert len(table) == len(ARMS) * 2 * 2
    assert "AU20" not in set(table["unit"])
    for row in table.to_dict("records"):
        some = cells(left[0], row["arm"], (row["detector"], True), row["au"])
        yes = some["probability"] >= 0.5
        assert row["balanced"] == pytest.approx(balanced_accuracy_score(some["present"], yes))
        assert row["f1"] == pytest.approx(f1_score(some["present"], yes))
        assert row["auroc"] == pytest.approx(roc_auc_score(some["present"], some["probability"]))
        assert row["accuracy"] == pytest.approx((some["present"] == yes).mean())
        assert row["all_absent"] == pytest.approx(1 - some["present"].mean())
        assert row["low"] < row["balanced"] < row["high"]
    own = seed_table(said, np.array([0, 1]))
    own = own[(own["arm"] == "trained") & (own["detector"] == "alone")]
    both = table[(table["arm"] == "trained") & (table["detector"] == "alone")]
    assert own["balanced"].mean() == pytest.approx(both["balanced"].mean())


@pytest.mark.parametrize("peaks_of", ["all", "with an emotion"])
def test_pooled_accuracy_counts_cells_and_calls_the_untaught_absent(left, said, peaks_of):
    some = pd.concat([cells(left[0], "trained", ("together", False), unit) for unit in UNITS])
    some = some if peaks_of == "all" else some[some["expression"] != ""]
    table = pooled_table(said)
    assert set(table["detector"]) == {"together"}
    own = table[(table["arm"] == "trained") & (table["peaks"] == peaks_of)].set_index("units")
    taught = some[some["au"] != 20]
    for name, kept in (("all: 3", some), ("with a detector: 2", taught)):
        right = (kept["probability"] >= 0.5) == kept["present"]  # NaN is no yes
        assert own.loc[name, "accuracy"] == pytest.approx(right.mean())
        assert own.loc[name, "all_absent"] == pytest.approx(1 - kept["present"].mean())
        assert own.loc[name, "cells"] == len(kept) // 2


def test_differences_are_of_the_same_peaks_and_units(left, said):
    table = difference_table(said, 15, 5, 200, 0)
    scores = score_table(said, np.array([0, 1]), 200, 0)
    scores = scores[scores["detector"] == "alone"].set_index(["arm", "unit"])
    for less in ARMS[1:]:
        rows = table[(table["less"] == less) & (table["peaks"] == "all")]
        for measure in ("balanced", "auroc"):
            mine = rows[rows["measure"] == measure].set_index("unit")["difference"]
            for unit in ("AU6", "AU15"):
                gap = scores.loc[("trained", unit), measure] - scores.loc[(less, unit), measure]
                assert mine[unit] == pytest.approx(gap)
            assert mine[""] == pytest.approx((mine["AU6"] + mine["AU15"]) / 2)
    absent = table[(table["less"] == "all absent") & (table["measure"] == "balanced")]
    own = absent[(absent["peaks"] == "all") & (absent["unit"] == "AU6")]
    assert own["difference"].item() == pytest.approx(
        scores.loc[("trained", "AU6"), "balanced"] - 0.5
    )
    # A third of 84 peaks has no emotion: about 11 show a unit, too few to judge.
    assert set(table["peaks"]) == {"all", "with an emotion"}


def test_intensities_are_pooled_over_cells_and_beside_zero(left, said):
    table = intensity_table(said, np.array([0, 1]), 200, 0).set_index("unit")
    taught = [cells(left[0], "trained", ("together", False), unit) for unit in (6, 15)]
    whole = pd.concat(taught)
    errors = (whole["told"] - whole["intensity"]) ** 2
    assert table.loc["", "mse"] == pytest.approx(errors.mean())
    assert table.loc["", "mse_zero"] == pytest.approx((whole["intensity"] ** 2).mean())
    assert table.loc["", "exact_zero"] == pytest.approx((whole["intensity"] == 0).mean())
    step = np.floor(whole["told"] + 0.5)
    assert table.loc["", "exact"] == pytest.approx((step == whole["intensity"]).mean())
    assert table.loc["AU6", "above_zero"] == taught[0]["present"].sum() // 2
    assert PLAIN in said.told


def found_of(said, least=15):
    columns = judgeable(said, least, 5)
    return Found(
        units=unit_table(said, least, 5),
        scores=score_table(said, columns, 200, 0),
        pooled=pooled_table(said),
        differences=difference_table(said, least, 5, 200, 0),
        intensities=intensity_table(said, columns, 200, 0),
        seeds=seed_table(said, columns),
        peaks=said.peaks,
        people=len(np.unique(said.subjects)),
        title="made-up faces",
        least=least,
    )


def test_the_answer_names_what_is_told_what_is_not_and_the_base_rate(said):
    found = found_of(said)
    assert found.above == ["AU6"]
    first, second, third = answer(found)
    assert "Of 2 action units with answers for at least 15 sequences, 1 can be told" in first
    assert "not shown for AU15" in first
    assert "teach every fold" not in first
    absent = found.accuracy("with an emotion", "all")["all_absent"]
    assert f"absent to everything scores {100 * absent:.1f}\N{NO-BREAK SPACE}%" in second
    assert "97.5\N{NO-BREAK SPACE}%" in second
    assert "90.2\N{NO-BREAK SPACE}%" in second
    gap = found.mean("emotion")["difference"]
    assert f"{gap:+.2f} over detectors that see the network's emotions alone" in third


def test_units_shown_often_that_cannot_be_judged_are_not_said_to_lack_teaching(said):
    found = found_of(said)
    rare = found.units["unit"] == "AU20"
    often = found.units.assign(
        sequences=found.units["sequences"].where(~rare, 99),
        untestable=found.units["untestable"].where(~rare, "3 people with it, fewer than 5"),
    )
    first = answer(replace(found, units=often))[0]
    assert first.endswith("; AU20 cannot be judged (reasons in the table).")


def test_too_few_people_for_an_interval_are_told_in_words(said):
    found = found_of(said)

    def bare(table):
        ends = [name for name in table if name.endswith(("low", "high"))]
        return table.assign(**dict.fromkeys(ends, np.nan))

    known = ("scores", "differences", "intensities")
    few = replace(found, **{name: bare(getattr(found, name)) for name in known})
    # AU6 stands for the unit that the paper calls hard, which these faces lack.
    hard = replace(
        few,
        units=few.units.replace({"au": {6: published.HARD}}),
        scores=few.scores.replace({"au": {6: published.HARD}}),
    )
    text = [one for section in sections(hard) for one in section.paragraphs]
    text += answer(few)
    assert not any("()" in one or "nan" in one for one in text)
    told = [one for one in text if "(too few people for an interval)" in one]
    assert any("call hard, has" in one for one in told)
    assert any("the step is right in" in one for one in told)
    tables = {section.title: section.table for section in sections(few)}
    units = tables["Which action units are told on held-out people"]
    assert set(units["95 % interval"]) == {"too few people"}


def test_the_answer_says_when_nothing_can_be_judged(said):
    found = found_of(said, least=200)
    (only,) = answer(found)
    assert only.startswith("Nothing is shown")
    assert all(one.estimate is None or np.isfinite(one.estimate) for one in findings(found))
    titles = [one.title for one in sections(found)]
    assert "Action units that cannot be judged" in titles
    assert "Which action units are told on held-out people" not in titles


def test_sections_show_the_papers_numbers_as_not_run_and_no_number_for_the_untestable(said):
    found = found_of(said)
    shown = {one.title: one for one in sections(found)}
    units = shown["Which action units are told on held-out people"]
    assert [name.split()[0] for name in units.table["Unit"]] == ["AU6", "AU15"]
    assert "AU11, which Breuer and Kimmel call hard, is not coded" in units.paragraphs[1]
    assert "Not shown: AU15." in units.paragraphs[1]
    paper = shown["The accuracy that the paper reports, and its base rate"].table.iloc[0]
    assert "not run here" in paper.iloc[0]
    assert paper["Accuracy"] == f"{100 * published.ACCURACY:.1f}\N{NO-BREAK SPACE}%"
    missing = shown["Action units that cannot be judged"].table
    assert missing["Unit"].tolist() == ["AU20 lip stretcher"]
    dots = units.figure["data"]
    assert {name for trace in dots for name in trace["y"]} == {"AU6", "AU15"}


@pytest.mark.parametrize("name", ["study", "drawn", "ictfaces"])
def test_definitions_can_be_read(name):
    spec = read_spec(STUDIES / f"{name}.toml")
    assert spec.study == "au-detection"
    AuDetection(**tomllib.loads((STUDIES / f"{name}.toml").read_text())["params"])
    assert spec.network.train is not None
    assert (spec.network.train.folds or 0) >= 4


def test_the_detector_that_is_shown_is_weighed_and_alone():
    assert MAIN == ("trained", "alone", True)
