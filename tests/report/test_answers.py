"""What the pages claim, compared with the associations they claim it from."""

from dataclasses import replace

import numpy as np
import pytest

from facsinterp.association.associate import associate
from facsinterp.association.settings import Settings
from facsinterp.association.table import Associations
from facsinterp.association.units import Units
from facsinterp.report.answer import answer
from facsinterp.report.filterpages import FilterPages
from facsinterp.report.gallery import Cards
from facsinterp.report.survey import Survey
from facsinterp.report.verdicts import filter_verdict
from tests.report import runs


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return runs.report(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def survey(report):
    return Survey.of(report)


def changed(report, **variables):
    """The same report, some variables of its associations replaced."""
    data = report.associations.data.copy(deep=True)
    for name, values in variables.items():
        data[name] = (data[name].dims, np.broadcast_to(values, data[name].shape).copy())
    return replace(report, associations=Associations(data))


def test_the_answer_counts_what_the_associations_call_significant(report, survey):
    found = int(report.associations.significant().any("au").sum())
    text = " ".join(answer(survey))
    assert found > 0
    assert f"{found} of 10 filters" in text
    assert "AU12 lip corner puller" in text
    assert "22 held-out subjects" in text
    assert f"{report.associations.data.attrs['family_size']} tests" in text
    assert f"would accept {report.associations.papers_rule().count}" in text
    assert "1 filter is dead: it answers to no face at all." in text
    assert "knows more than the expression" in text


def test_when_nothing_passes_the_answer_says_none(report):
    text = " ".join(answer(Survey.of(changed(report, q_auroc=1.0))))
    assert text.startswith("None of 10 filters answers to an action unit on 22 held-out subjects")
    assert "most often" not in text
    assert "knows more than the expression" not in text
    assert "all of which pass no test" in text


def test_when_nothing_is_testable_the_answer_says_why(report):
    text = " ".join(answer(Survey.of(changed(report, testable=False, q_auroc=np.nan))))
    assert "No action unit could be tested" in text


def test_without_associations_the_answer_claims_nothing(report):
    text = " ".join(answer(Survey.of(replace(report, associations=None))))
    assert "made no associations" in text
    assert "Breuer" not in text


def test_the_rows_are_the_observations_of_the_associations(report, survey):
    units = Units.of(report.store, faces="held-out", unit="sequence")
    names = sorted(survey.faces.column("sequence")[survey.rows].tolist())
    assert names == sorted(units.names.tolist())
    peak = report.store.data["peak"].values[survey.rows]
    np.testing.assert_array_equal(np.sort(peak, axis=0), np.sort(units.activation, axis=0))


def test_the_rows_of_sequence_means_are_all_coded_held_out_faces(report):
    settings = Settings(unit="sequence-mean", permutations=99)
    present = report.store.data["present"].values.copy()
    present[:, 3] = False  # AU43 changes inside its sequence
    store = replace(report.store, data=report.store.data.assign(present=(("image", "au"), present)))
    means = associate(store, settings)
    survey = Survey.of(replace(report, associations=means))
    assert len(survey.rows) == runs.SUBJECTS // 2 * runs.EACH * 2


def test_the_named_unit_is_that_of_the_associations(report, survey):
    for position, name in enumerate(report.store.filters):
        best = int(survey.verdicts.best[position])
        named = None if best < 0 else survey.verdicts.units[best]
        if not survey.verdicts.answering[position]:
            assert named == report.associations.best(name)
        else:
            assert survey.verdicts.passes[position, best]


def test_a_unit_that_passes_is_named_before_a_stronger_one_that_does_not(report):
    q = report.associations.data["q_auroc"].values.copy()
    q[0] = 1.0
    q[0, report.associations.data["au"].values.tolist().index(4)] = 0.01
    survey = Survey.of(changed(report, q_auroc=q))
    assert survey.verdicts.units[survey.verdicts.best[0]] == 4


def test_verdicts_in_words(report, survey):
    def words(position):
        return filter_verdict(
            survey.verdicts.rows(position),
            dead=bool(survey.activity.dead[position]),
            live=bool(survey.verdicts.live[position]),
            faces="held-out faces",
        )

    assert words(0).startswith("Answers to AU12 lip corner puller (AUROC 1.00")
    assert words(5).startswith("Dead:")
    assert words(6).startswith("Not tested: it does not tell the held-out faces apart")
    silent = Survey.of(changed(report, q_auroc=1.0)).verdicts.rows(0)
    said = filter_verdict(silent, dead=False, live=True, faces="faces")
    assert said.startswith("No action unit passes after correction. The nearest is AU12")
    assert "no associations" in filter_verdict((), dead=False, live=True, faces="faces")


def test_numbers_of_a_row_are_those_of_the_table(report, survey):
    row = next(row for row in survey.verdicts.rows(0) if row.unit == 12)
    pair = report.associations.data.isel(filter=0).sel(au=12)
    for name in ("precision_at_n", "auroc", "auroc_low", "kl", "kl_null", "q_auroc", "base_rate"):
        assert row[name] == pytest.approx(float(pair[name]))
    untested = next(row for row in survey.verdicts.rows(0) if row.unit == 43)
    assert untested["q_auroc"] is None
    assert untested.reason


def test_top_faces_are_those_of_precision(report, survey):
    """So many of the strip's faces carry the unit as P@N says, where there are no ties."""
    pages = FilterPages(survey, Cards(survey.faces, kept=True))
    data = report.associations.data
    (_, slab), *more = survey.slabs()
    assert not more
    for position in (0, 1, 4):
        peaks = {name: values[:, position] for name, values in slab.items()}
        cards = pages.faces(position, peaks, 12)
        pair = data.isel(filter=position).sel(au=12)
        if pair["precision_low"] != pair["precision_high"]:
            continue
        carrying = sum(any(chip.of_interest for chip in card.chips) for card in cards)
        assert carrying / len(cards) == pytest.approx(float(pair["precision_at_n"]))
        assert len({card.sequence for card in cards}) == len(cards)


def test_slabs_hold_every_filter_once(report, survey, monkeypatch):
    monkeypatch.setattr("facsinterp.report.survey._SLAB", 1)
    monkeypatch.setattr("facsinterp.report.survey._CHUNK", 3)
    parts = list(Survey.of(report).slabs())
    assert [(part.start, part.stop) for part, _ in parts] == [(0, 3), (3, 6), (6, 9), (9, 10)]
    whole = np.concatenate([slab["peak"] for _, slab in parts], axis=1)
    np.testing.assert_array_equal(whole, report.store.data["peak"].values[survey.rows])
