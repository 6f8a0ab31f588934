"""The contract of sources: a good source passes all of it, and each test of it can fail."""

import inspect
import tempfile
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _pytest.outcomes import Failed, Skipped
from pydantic import BaseModel, ConfigDict

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures, Skip
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.registry import source
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Terms
from facsinterp.testing import SourceContract
from tests.testing import toy


class TestToy(SourceContract):
    source = toy.TOY

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return toy.tree(tmp_path_factory.mktemp("toy") / "Toy")


class TestToyWithOptions(TestToy):
    options = {"happy": False}  # noqa: RUF012 - read, never changed


class TestDrawn(SourceContract):
    source = source("drawn")
    options = {"subjects": 2, "sequences": 2}  # noqa: RUF012 - read, never changed


class Lax(BaseModel):
    model_config = ConfigDict(extra="ignore")
    happy: bool = True


class Sized(SourceOptions):
    happy: bool = True
    size: int = 3


def opening(change):
    """The toy source with pictures that `change` spoils."""

    class Odd(FilePictures):
        def open(self, paths):
            return change(list(super().open(paths)))

    return with_pictures(Odd)


def with_pictures(kind) -> Source[Any]:
    return replace(toy.TOY, pictures=lambda root, options: kind(root))


class Blind(FilePictures):
    def fingerprint(self, paths):
        return "0" * 16


class Restless(FilePictures):
    numbers = count()

    def fingerprint(self, paths):
        return str(next(self.numbers))


def forgetful():
    """A source that reads something else each time."""
    numbers = count()

    def change(faces, root):
        return replace(faces, found=replace(faces.found, layout=f"{next(numbers)}"))

    return toy.changed(change)


def littering(faces, root):
    (root / "cache.txt").write_text("read")
    return faces


def greedy(root, options):
    """Takes files of the system for faces."""
    found = toy.read(root, options)
    junk = sorted(Path(root).glob("*/._*"))
    names = [*found.images.tolist(), *(f"{one.parent.name}{one.name}" for one in junk)]
    return FaceTable.from_arrays(
        names, [12], np.zeros((len(names), 1)), path=names, terms=found.terms, found=found.found
    )


def unhelpful(root, options):
    """Says no more than that it failed."""
    try:
        return toy.read(root, options)
    except DataError:
        raise DataError("no") from None


def crashing(root, options):
    (Path(root) / "codes.csv").read_bytes()
    return toy.read(root, options)


def vague(root, options):
    """Names the folder and says neither what was looked for nor what is there."""
    try:
        return toy.read(root, options)
    except DataError:
        raise DataError(Fault("this is not Toy", where=str(root))) from None


def silent_without_folder(root, options):
    """Takes some other folder where none is named."""
    if root is None:
        root = toy.tree(Path(tempfile.mkdtemp()) / "Toy")
    return toy.read(root, options)


def zeros(faces, root):
    """Takes what nobody looked for as absent."""
    data = faces.data.copy(deep=True)
    data["intensity"].values[~data["coded"].values] = 0
    return replace(faces, data=data)


def halves(faces, root):
    data = faces.data.copy(deep=True)
    data["intensity"].values[data["present"].values] = 0.5
    return replace(faces, data=data)


def told(faces, root):
    return replace(faces, found=replace(faces.found, layout=str(root)))


def strange(faces, root):
    data = faces.data.assign_coords(image=[f"{root}/{one}" for one in faces.images.tolist()])
    return replace(faces, data=data)


def nothing(faces, root):
    return faces.select([])


def opened_by_any_licence(faces, root):
    if not (root / "LICENSE.txt").exists():
        return faces
    return replace(faces, terms=Terms("Toy", "LICENSE.txt lets everybody show the faces."))


BROKEN = {
    "can_be_named_in_a_definition": [
        replace(toy.TOY, name="Toy faces"),
        replace(toy.TOY, title=""),
        replace(toy.TOY, Options=Sized),
        replace(toy.TOY, Options=Lax),
    ],
    "finds_faces_and_counts_them": [
        toy.changed(nothing),
        toy.with_found(layout=""),
        toy.with_found(counts={}),
        toy.with_found(counts={"images": -1}),
    ],
    "compares_with_published_counts_by_name": [toy.with_found(expected={"pictures": 4})],
    "states_its_terms": [toy.with_terms(source=""), toy.with_terms(text="")],
    "says_which_licence_lets_everybody_be_shown": [toy.changed(opened_by_any_licence)],
    "says_when_nobody_knows_whose_faces_these_are": [toy.with_columns(subject=lambda _: "")],
    "names_faces_and_files_without_their_place": [
        toy.changed(strange),
        toy.with_columns(path=lambda path: f"/{path}"),
        toy.with_columns(path=lambda path: path.replace("/", "\\")),
        toy.with_columns(path=lambda _: ""),
    ],
    "expressions_are_words_of_the_field": [
        toy.with_columns(expression=str.title),
        toy.with_columns(expression=lambda word: f"{word} "),
        toy.with_columns(expression=lambda _: "happiness"),
    ],
    "is_the_same_twice": [forgetful()],
    "reads_no_less_at_another_place": [toy.changed(told)],
    "passes_over_what_systems_leave_behind": [replace(toy.TOY, read=greedy)],
    "opens_every_face_or_says_why_not": [
        opening(lambda some: some[:-1]),
        opening(lambda some: [Skip("x", "broken")] * len(some)),
        opening(lambda some: [*some[:-1], Skip("x", "")]),
        opening(lambda some: [one.astype(float) for one in some]),
        opening(lambda some: [one[..., None] for one in some]),
        with_pictures(Blind),
        with_pictures(Restless),
    ],
    "what_was_not_coded_is_not_absent": [toy.changed(zeros)],
    "what_is_not_scored_is_not_weak": [toy.changed(halves)],
    "splits_are_known_parts": [toy.with_columns(split=lambda _: "Training")],
    "survives_the_disk": [toy.with_found(counts={"images": np.int64(4)})],
    "refuses_unknown_options": [replace(toy.TOY, Options=Lax)],
    "refuses_a_folder_that_is_not_the_data_set": [
        replace(toy.TOY, read=unhelpful),
        replace(toy.TOY, read=vague),
        replace(toy.TOY, read=crashing),
        replace(toy.TOY, read=silent_without_folder),
    ],
    "writes_nothing": [toy.changed(littering)],
}
CASES = [(name, k) for name, some in BROKEN.items() for k in range(len(some))]


def asked(name, given, tmp_path):
    """Runs one test of the contract on a source, as pytest would."""
    contract: Any = type("Contract", (SourceContract,), {"source": given})
    test = getattr(contract(), f"test_{name}")
    root = toy.tree(Path(tempfile.mkdtemp(dir=tmp_path)) / "Toy")
    parts = {
        "root": lambda: root,
        "faces": lambda: contract.read(root),
        "tmp_path": lambda: tmp_path,
    }
    test(**{part: parts[part]() for part in inspect.signature(test).parameters})


@pytest.mark.parametrize(("name", "k"), CASES)
def test_each_test_of_the_contract_can_fail(name, k, tmp_path):
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - Failed is no Exception
        asked(name, BROKEN[name][k], tmp_path)
    assert not isinstance(caught.value, Skipped), caught.value


def test_every_test_of_the_contract_is_shown_to_fail():
    names = {name.removeprefix("test_") for name in dir(SourceContract) if name.startswith("test_")}
    assert names == set(BROKEN)


@pytest.mark.parametrize("name", [name for name in BROKEN if name[:4] != "says"])
def test_the_good_source_passes_where_the_broken_ones_fail(name, tmp_path):
    asked(name, toy.TOY, tmp_path)


def test_nobody_known_is_no_fault_where_it_is_said(tmp_path):
    def change(faces, root):
        found = replace(faces.found, warnings=("no subject is known",))
        nobody = faces.data.assign_coords(subject=("image", [""] * len(faces)))
        return replace(faces, data=nobody, found=found)

    asked("says_when_nobody_knows_whose_faces_these_are", toy.changed(change), tmp_path)
    asked("says_when_nobody_knows_whose_faces_these_are", toy.TOY, tmp_path)


@pytest.mark.parametrize(
    ("parts", "told"), [({}, "give Mine its source"), ({"source": toy.TOY}, "give Mine a fixture")]
)
def test_what_was_forgotten_is_said(parts, told):
    contract = type("Mine", (SourceContract,), parts)
    with pytest.raises(Failed, match=told):
        SourceContract.__dict__["root"].__wrapped__.__func__(contract)
