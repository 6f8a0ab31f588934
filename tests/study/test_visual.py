"""The step that makes pictures: what it leaves, what it makes again, and when there are none."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from facsinterp import testing
from facsinterp.activations.plan import Plan
from facsinterp.activations.sweep import sweep
from facsinterp.association.associate import associate
from facsinterp.association.rows import rows_looked_at
from facsinterp.association.table import Associations
from facsinterp.evidence.visual import ATTRIBUTIONS, VisualEvidence
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.regions import LOCATED, regions_of
from facsinterp.nets.network import Network
from facsinterp.nets.receptive import receptive_fields
from facsinterp.saliency import layout, writer
from facsinterp.study import places, visual
from facsinterp.study.folder import RunFolder
from facsinterp.study.ledger import Ledger
from facsinterp.study.parse import parse_spec
from facsinterp.study.swept import Swept
from facsinterp.study.visual import visual_evidence
from facsinterp.study.work import Work
from tests.study.test_run import DEFINITION, Listener

DRAWN = "Pictures of untrained networks, "


def spec_of(method="guided-backprop"):
    text = DEFINITION.replace("[association]", "[association]\ntop_n = 20")
    return parse_spec(f'{text}\n[visual]\nmethod = "{method}"\n', name="small")


def edges(seed):
    """The tiny network with kernels that a flat face does not move."""
    network = testing.tiny_network(seed=seed)
    for part in network.module.modules():
        if isinstance(part, nn.Conv2d):
            part.weight.data -= part.weight.data.mean(dim=(2, 3), keepdim=True)
    return Network.of(network.module, classes=network.classes, input_shape=network.input_shape)


def chain(*parts):
    torch.manual_seed(0)
    tail = nn.Sequential(nn.Flatten(), nn.LazyLinear(2))
    module = nn.Sequential(*parts, tail)
    size = testing.SIZE
    module(torch.zeros(1, 1, size, size))
    return Network.of(module, classes=("neutral", "happy"), input_shape=(1, size, size))


@pytest.fixture(scope="module", autouse=True)
def few_shuffles():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "_SHUFFLES", 99)
        patch.setattr(places, "LOCATED", tuple(unit for unit in LOCATED if unit != 9))
        yield


@pytest.fixture(scope="module")
def faces():
    return testing.tiny_faces(14, 3)


def swept_by(network, faces, folder, landmarks=True):
    table, pixels = faces
    if landmarks is not True:
        pixels = Pixels.from_array(pixels.images, pixels.array, landmarks)
    plan = Plan.of(network.fingerprint, network.channels, table, pixels.fingerprint)
    folder.mkdir(parents=True)
    store = sweep(network, pixels, table, plan, folder / "activations.zarr")
    return Swept(RunFolder(folder), table, pixels, network, store)


def passing(found):
    """Associations in which live filters answer to AU12, AU1 and AU25 in turn.

    The second is silenced by its unit, and the last answers to AU9, which has no region here.
    """
    data = associate(found.store, testing.TINY_SETTINGS).data.copy(deep=True)
    live = np.flatnonzero(~data["dead"].values)
    for k, j in enumerate(live):
        unit = 9 if j == live[-1] else (12, 1, 25)[k % 3]
        pair = {"filter": j, "au": data["au"].values.tolist().index(unit)}
        data["q_auroc"][pair], data["z"][pair] = 0, -3 if k == 1 else 3
        data["testable"][pair["au"]] = True
    return Associations(data)


def none_passing(found):
    return Associations(associate(found.store, testing.TINY_SETTINGS).data)


@pytest.fixture(scope="module")
def swept(faces, tmp_path_factory):
    return swept_by(edges(1), faces, tmp_path_factory.mktemp("run") / "run")


@pytest.fixture(scope="module")
def associations(swept):
    return passing(swept)


def evidence(found, associations, method="guided-backprop", listener=None):
    listener = listener or Listener()
    work = Work.on("cpu", None, listener)
    return visual_evidence(spec_of(method), found, associations, work), listener


@pytest.fixture(scope="module")
def whole(swept, associations):
    return evidence(swept, associations)


@pytest.fixture
def copy(swept, whole, tmp_path):
    """The run with its pictures in a place of its own, to be broken."""
    shutil.copytree(swept.folder.path, tmp_path / "run")
    return replace(swept, folder=RunFolder(tmp_path / "run"))


@pytest.fixture
def bare(copy):
    """The same before pictures were made."""
    shutil.rmtree(copy.folder.visual)
    (copy.folder.path / "steps.json").unlink()
    return copy


def assert_same(one, other):
    assert one.refused == other.refused
    for name in ("placing", "likeness"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    if one.attributions is None:
        assert other.attributions is None
    else:
        first, second = (each.attributions.data.load() for each in (one, other))
        assert first.drop_attrs().identical(second.drop_attrs())
        assert one.attributions.key == other.attributions.key


def assert_tidy(folder):
    """What a finished step leaves, and no more."""
    assert {file.name for file in folder.visual.iterdir()} == {
        *(ATTRIBUTIONS, "placing.parquet", "together.parquet", "likeness.parquet", "refused.txt")
    }
    assert not folder.visual_parts.exists()
    assert not list(folder.path.rglob("*.partial"))
    assert not list(folder.path.rglob("*.going"))


def test_what_is_made_is_kept_and_not_made_twice(swept, associations, whole):
    made, listener = whole
    assert listener.steps == [
        "Picturing filters",
        "overlap with regions",
        f"{DRAWN}conv1",
        f"{DRAWN}conv2",
    ]
    assert_tidy(swept.folder)
    assert_same(VisualEvidence.open(swept.folder.visual), made)
    before = {file: file.stat().st_mtime_ns for file in swept.folder.path.rglob("*")}
    again, second = evidence(swept, associations)
    assert second.steps == []
    assert second.news == ["pictures: already made"]
    assert before == {file: file.stat().st_mtime_ns for file in swept.folder.path.rglob("*")}
    assert_same(again, made)


def test_pictured_are_the_strongest_held_out_faces_one_a_sequence(swept, whole):
    data = swept.store.data
    image = whole[0].attributions.data["image"].values
    split, sequence = swept.faces.column("split"), swept.faces.column("sequence")
    looked_at = set(rows_looked_at(swept.store, "held-out", "sequence").tolist())
    for j in range(len(swept.store.filters)):
        peak = data["peak"].values[:, j]
        best: dict[str, int] = {}
        for i in np.argsort(-peak, kind="stable"):
            if i in looked_at and peak[i] > 0:
                assert split[i] == "test"
                best[sequence[i]] = int(i)
        wanted = list(best.values())[: image.shape[1]]
        shown = [i for i in image[j].tolist() if i >= 0]
        assert set(shown) <= set(best.values())
        assert len(set(sequence[shown])) == len(shown) == len(wanted)
        assert np.all(np.diff(peak[shown]) <= 0)
        at = whole[0].attributions.data.isel(filter=j)
        np.testing.assert_array_equal(
            at["peak_row"].values[: len(shown)], data["peak_row"].values[shown, j]
        )
        np.testing.assert_array_equal(at["value"].values[: len(shown)], peak[shown])


def test_pairs_are_the_filters_that_pass_and_the_units_of_their_verdicts(associations, whole):
    placing = whole[0].placing
    names, dead = associations.data["filter"].values.tolist(), associations.data["dead"].values
    live = [name for name, silent in zip(names, dead, strict=True) if not silent]
    wanted = dict(zip(live, [12, 1, 25] * 4, strict=False)) | {live[-1]: 9}
    del wanted[live[1]]
    assert dict(zip(placing["filter"], placing["unit"], strict=True)) == wanted
    assert len(wanted) > 4
    assert placing["reason"].iloc[-1] == "AU9 has no region on the face"


def test_the_share_inside_slowly(swept, whole):
    """Mean over people of the share of |attribution| inside, against all that the layer sees."""
    made, placing = whole[0].attributions, whole[0].placing
    fields, people = receptive_fields(swept.network), swept.faces.column("subject")
    asked = placing[placing["unit"].isin(LOCATED) & placing["p_chance"].notna()]
    assert len(asked)
    for row in asked.to_dict("records"):
        one = made.of(row["filter"])
        layer = row["filter"].rpartition("/")[0]
        inside: dict[str, list[float]] = {}
        chance: dict[str, list[float]] = {}
        for image, picture in zip(one["image"].values, one["attribution"].values, strict=True):
            if image < 0 or not np.abs(picture).sum():
                continue
            region = regions_of(swept.pixels.landmarks[[image]], row["unit"], testing.SIZE)[0]
            share = np.abs(picture)[region].sum() / np.abs(picture).sum()
            inside.setdefault(people[image], []).append(share)
            rows, cols = swept.network.sizes[layer]
            seen = []
            for r in range(rows):
                for c in range(cols):
                    top, left, bottom, right = fields[layer].crop(r, c)
                    seen.append(region[top:bottom, left:right].mean())
            chance.setdefault(people[image], []).append(np.mean(seen))
        assert row["share"] == pytest.approx(np.mean([np.mean(own) for own in inside.values()]))
        by_chance = np.mean([np.mean(own) for own in chance.values()])
        assert row["chance"] == pytest.approx(by_chance, rel=1e-6)
        assert row["n_subjects"] == len(inside)


@pytest.mark.parametrize("stop_at", [1, 2, 3, 4])
def test_an_interrupted_step_goes_on_where_it_stopped(bare, associations, whole, stop_at):
    made, listener = whole
    with pytest.raises(KeyboardInterrupt):
        evidence(bare, associations, listener=Listener(stop_at))
    assert not Ledger(bare.folder.path).keys()
    again, rest = evidence(bare, associations)
    # Attributions and finished layers are kept; places are held against regions anew.
    kept = {*listener.steps[: stop_at - 1]} - {"overlap with regions"}
    assert rest.steps == [step for step in listener.steps if step not in kept]
    assert_same(again, made)
    assert_tidy(bare.folder)


def test_attributions_go_on_with_the_filters_that_are_missing(
    bare, associations, whole, monkeypatch
):
    monkeypatch.setattr(layout, "FILTERS_PER_BLOCK", 1)
    written: list[int] = []
    write, stop_at = writer.AttributionWriter.write, 4

    def stopping(self, block, pictures):
        if len(written) == stop_at:
            raise KeyboardInterrupt
        written.append(block)
        write(self, block, pictures)

    monkeypatch.setattr(writer.AttributionWriter, "write", stopping)
    with pytest.raises(KeyboardInterrupt):
        evidence(bare, associations)
    assert (bare.folder.visual / f"{ATTRIBUTIONS}.partial").is_dir()
    stop_at = -1
    again, listener = evidence(bare, associations)
    assert written == list(range(10))
    assert "4 of 10 blocks of filters are there" in listener.news
    assert_same(again, whole[0])


def stopped_by(monkeypatch, instead, *given):
    """The step, with something that fails in the place of a part of it."""
    with monkeypatch.context() as patch:
        patch.setattr(*instead)
        with pytest.raises(OSError, match="full"):
            evidence(*given)


def full(*_, **__):
    raise OSError("the disk is full")


def test_an_exception_in_the_test_of_places_marks_nothing(bare, associations, whole, monkeypatch):
    stopped_by(monkeypatch, (places, "region_test", full), bare, associations)
    assert not Ledger(bare.folder.path).keys()
    again, listener = evidence(bare, associations)
    assert "Picturing filters" not in listener.steps
    assert_same(again, whole[0])


def test_likeness_of_a_layer_is_there_whole_or_not_at_all(bare, associations, whole, monkeypatch):
    stopped_by(monkeypatch, (visual, "untrained_likeness", full), bare, associations)
    assert not list(bare.folder.visual_parts.iterdir())
    stopped_by(monkeypatch, (pd.DataFrame, "to_parquet", half_written), bare, associations)
    assert not list(bare.folder.visual_parts.glob("*.parquet"))
    again, _ = evidence(bare, associations)
    assert_same(again, whole[0])
    assert_tidy(bare.folder)


def half_written(_table, path, **_):
    path.write_bytes(b"PAR1")
    full()


def lose_part_of_attributions(folder):
    shutil.rmtree(folder / ATTRIBUTIONS / "attribution" / "c")


def other_format(folder):
    (folder / ATTRIBUTIONS / "zarr.json").write_text("{}")


def empty_table(folder):
    (folder / "placing.parquet").write_bytes(b"PAR1")


def no_table(folder):
    (folder / "likeness.parquet").unlink()


def no_attributions(folder):
    shutil.rmtree(folder / ATTRIBUTIONS)


def no_refusal(folder):
    (folder / "refused.txt").unlink()


@pytest.mark.parametrize(
    "damage",
    [lose_part_of_attributions, other_format, empty_table, no_table, no_attributions, no_refusal],
)
def test_what_is_damaged_is_made_again(copy, associations, whole, damage):
    damage(copy.folder.visual)
    again, listener = evidence(copy, associations)
    assert listener.news[0].startswith("pictures: made again, since")
    pictured = damage in (lose_part_of_attributions, other_format, no_attributions)
    assert ("Picturing filters" in listener.steps) == pictured
    assert_same(again, whole[0])
    assert_tidy(copy.folder)


def test_attributions_that_were_begun_from_other_content_are_replaced(
    bare, associations, whole, monkeypatch
):
    """Stopped at the first block with one method, asked for another in the same folder."""
    stopping = (writer.AttributionWriter, "write", full)
    stopped_by(monkeypatch, stopping, bare, associations, "gradient")
    assert (bare.folder.visual / f"{ATTRIBUTIONS}.partial").is_dir()
    again, listener = evidence(bare, associations)
    assert "method: there from gradient, asked for guided-backprop" in " ".join(listener.news)
    assert_same(again, whole[0])
    assert_tidy(bare.folder)


def test_another_method_makes_other_pictures_in_the_same_folder(copy, associations, whole):
    other, listener = evidence(copy, associations, "gradient")
    assert listener.steps[0] == "Picturing filters"
    assert other.attributions.method == "gradient"
    mine, before = (one.attributions.data["attribution"].values for one in (other, whole[0]))
    assert np.abs(mine - before).max() > 0
    assert not other.likeness.equals(whole[0].likeness)
    assert_tidy(copy.folder)
    back, _ = evidence(copy, associations)
    assert_same(back, whole[0])


def test_none_are_made_and_those_that_were_are_gone(copy, associations, whole):
    none, listener = evidence(copy, associations, "none")
    assert none.attributions is None
    assert none.refused == 'None were asked for ([visual] method = "none").'
    assert none.likeness.empty
    assert listener.steps == ["overlap with regions"]
    assert not (copy.folder.visual / ATTRIBUTIONS).exists()
    assert_same(VisualEvidence.open(copy.folder.visual), none)
    # Where filters look is told by their peaks then.
    pairs = [one.placing[["filter", "unit"]] for one in (none, whole[0])]
    pd.testing.assert_frame_equal(*pairs)
    assert none.placing["share"].notna().any()
    assert not none.placing["share"].equals(whole[0].placing["share"])


def test_where_the_method_would_be_wrong_the_reason_is_kept_and_all_else_made(faces, tmp_path):
    network = chain(
        nn.Conv2d(1, 4, 5), nn.LeakyReLU(), nn.MaxPool2d(4), nn.Conv2d(4, 3, 3), nn.ReLU()
    )
    found = swept_by(network, faces, tmp_path / "run")
    none, listener = evidence(found, passing(found))
    assert none.attributions is None
    assert "guided-backprop is not defined for" in none.refused
    assert "LeakyReLU" in none.refused
    way = 'Instead: use [visual] method = "gradient" or "integrated-gradients", which are exact'
    assert none.refused.count(way) == 1
    assert any(news.startswith("pictures: none, since") for news in listener.news)
    assert len(none.placing)
    assert not list(tmp_path.rglob(f"{ATTRIBUTIONS}*"))
    again, second = evidence(found, passing(found))
    assert second.steps == []
    assert_same(again, none)
    by_gradient, _ = evidence(found, passing(found), "gradient")
    assert by_gradient.refused == ""
    assert by_gradient.attributions.method == "gradient"


def test_layers_that_see_nobody_knows_what_are_pictured_and_not_placed(faces, tmp_path):
    network = chain(
        nn.Conv2d(1, 4, 3),
        nn.ReLU(),
        nn.Upsample(scale_factor=0.5, mode="bilinear"),
        nn.Conv2d(4, 5, 3),
        nn.ReLU(),
    )
    assert list(receptive_fields(network)) == ["0"]
    found = swept_by(network, faces, tmp_path / "run")
    made, _ = evidence(found, passing(found), "gradient")
    pictured = made.attributions.data
    assert (pictured["image"].values[pictured["layer"].values == "3"] >= 0).any()
    assert {name.rpartition("/")[0] for name in made.likeness["filter"]} == {"0"}
    assert {name.rpartition("/")[0] for name in made.placing["filter"]} == {"0"}
    assert made.placing["iou"].notna().all()


def test_layers_that_see_the_whole_picture_are_at_no_place(faces, tmp_path):
    network = chain(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.InstanceNorm2d(4), nn.Conv2d(4, 5, 3), nn.ReLU()
    )
    found = swept_by(network, faces, tmp_path / "run")
    made, _ = evidence(found, passing(found), "gradient")
    layers = [name.rpartition("/")[0] for name in made.placing["filter"]]
    assert set(layers) == {"0"}
    assert {name.rpartition("/")[0] for name in made.likeness["filter"]} == {"0", "3"}


def test_faces_without_landmarks_are_pictured_and_places_not_asked(faces, tmp_path):
    found = swept_by(edges(1), faces, tmp_path / "run", landmarks=None)
    made, listener = evidence(found, passing(found))
    assert not made.attributions.on_mean_face
    assert made.placing.empty
    assert len(made.likeness)
    assert "overlap with regions" not in listener.steps
    assert made.placing.columns.tolist() == ["filter"]


@pytest.mark.parametrize("lost", ["some", "all"])
def test_faces_whose_landmarks_are_lost_are_no_looks(faces, tmp_path, lost):
    points = faces[1].landmarks.copy()
    if lost == "all":
        points[:] = np.nan
    else:
        gone = faces[0].column("subject") == faces[0].column("subject")[-1]
        points[gone] = np.nan
    found = swept_by(edges(1), faces, tmp_path / "run", landmarks=points)
    made, _ = evidence(found, passing(found))
    most = made.placing["n_subjects"].max()
    assert most == (0 if lost == "all" else 6)
    if lost == "all":
        assert made.placing["p_chance"].isna().all()
        assert made.placing["reason"].ne("").all()


def test_no_filter_passes(swept, bare, whole):
    none, listener = evidence(bare, none_passing(swept))
    assert none.placing.empty
    assert "overlap with regions" not in listener.steps
    assert_same(replace(none, placing=whole[0].placing), whole[0])


def test_a_network_that_never_answers_has_no_pictures(faces, tmp_path):
    network = testing.tiny_network()
    for part in network.module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.zeros_(part.weight)
            part.bias = nn.Parameter(torch.full((part.out_channels,), -1.0))
    network = Network.of(network.module, classes=network.classes, input_shape=network.input_shape)
    found = swept_by(network, faces, tmp_path / "run")
    made, _ = evidence(found, none_passing(found))
    assert made.likeness.empty
    assert made.placing.empty
    assert (made.attributions.data["image"].values == -1).all()
