"""The tests that every source of faces must pass."""

from __future__ import annotations

import dataclasses
import re
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import ValidationError

from facsinterp.errors import DataError
from facsinterp.faces.pictures import Skip, is_junk
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.table import PARTS, FaceTable
from facsinterp.facs import EXPRESSIONS, expression_of
from facsinterp.testing.contents import contents

_FACES_KEYS = {"source", *(field.name for field in dataclasses.fields(Preparation))}
_JUNK = (".DS_Store", "._{}", "Thumbs.db", "desktop.ini")


class SourceContract:
    """What every source must pass; subclass it, set `source` and give a small `root`."""

    source: ClassVar[Source[Any]]
    options: ClassVar[Mapping[str, Any]] = {}

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls) -> Path | None:
        """A small tree of the data set; None for a source that needs no data."""
        if not hasattr(cls, "source"):
            pytest.fail(f"give {cls.__name__} its source: `source = MY_FACES`")
        if cls.source.needs_data:
            pytest.fail(f"give {cls.__name__} a fixture `root` with a small tree")
        return None

    @pytest.fixture(scope="class")
    @classmethod
    def faces(cls, root: Path | None) -> FaceTable:
        """What the source reads there."""
        return cls.read(root)

    @classmethod
    def read(cls, root: Path | None) -> FaceTable:
        """The faces at a folder, with the options of this test."""
        return cls.source.read(root, cls._chosen())

    @classmethod
    def _chosen(cls) -> SourceOptions:
        options: SourceOptions = cls.source.Options.model_validate(dict(cls.options))
        return options

    def test_can_be_named_in_a_definition(self) -> None:
        name = self.source.name
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name), (
            f"call it by lower-case words joined by hyphens, not {name!r}"
        )
        assert self.source.title
        assert issubclass(self.source.Options, SourceOptions)
        taken = set(self.source.Options.model_fields) & _FACES_KEYS
        assert not taken, f"a definition gives these to the pictures: {', '.join(sorted(taken))}"

    def test_finds_faces_and_counts_them(self, faces: FaceTable) -> None:
        assert len(faces) > 0
        assert faces.found.layout, "say which layout was recognised"
        assert faces.found.counts, "say what was counted"
        for name, count in faces.found.counts.items():
            assert count >= 0, f"{name} cannot be {count}"

    def test_compares_with_published_counts_by_name(self, faces: FaceTable) -> None:
        uncounted = sorted(set(faces.found.expected) - set(faces.found.counts))
        assert not uncounted, f"published, but not counted under the same name: {uncounted}"

    def test_states_its_terms(self, faces: FaceTable) -> None:
        assert faces.terms.source, "say whose faces these are"
        assert faces.terms.text, "say what may be done with them, in your own words"

    def test_says_which_licence_lets_everybody_be_shown(
        self, root: Path | None, tmp_path: Path
    ) -> None:
        if root is None:
            return
        licensed = tmp_path / "licensed" / root.name
        shutil.copytree(root, licensed, symlinks=True)
        (licensed / "LICENSE.txt").write_text("MIT License\n\nof a program", encoding="utf-8")
        again = self.read(licensed)
        if "LICENSE.txt" in again.terms.text:
            said = " ".join(again.found.warnings)
            assert "LICENSE.txt" in said, "warn that a file decided who is shown, by its name"

    def test_says_when_nobody_knows_whose_faces_these_are(self, faces: FaceTable) -> None:
        if (faces.column("subject") != "").any():
            return
        said = " ".join(faces.found.warnings)
        assert "subject" in said, "warn that no subject is known: no split can be by person"

    def test_names_faces_and_files_without_their_place(
        self, root: Path | None, faces: FaceTable
    ) -> None:
        for column in (faces.images.tolist(), faces.column("path").tolist()):
            for name in column:
                assert name, "every face has an identifier and a path"
                assert not (root and str(root) in name), f"{name} says where the data lies"
                assert not PurePosixPath(name).is_absolute(), f"{name} is not relative"
                assert "\\" not in name, f"{name}: part folders with /, on every system"

    def test_expressions_are_words_of_the_field(self, faces: FaceTable) -> None:
        for word in sorted(set(faces.column("expression").tolist()) - {""}):
            assert word == word.strip().lower(), f"write {word!r} in lower case"
            usual = expression_of(word) or word
            assert word == usual, f"{word!r} is {usual!r} everywhere: {', '.join(EXPRESSIONS)}"

    def test_is_the_same_twice(self, root: Path | None, faces: FaceTable) -> None:
        again = self.read(root)
        assert again.fingerprint == faces.fingerprint, "the same folder was read in two ways"
        assert again.found == faces.found
        assert again.terms == faces.terms

    def test_reads_no_less_at_another_place(
        self, root: Path | None, faces: FaceTable, tmp_path: Path
    ) -> None:
        if root is None:
            return
        moved = tmp_path / "moved" / root.name
        shutil.copytree(root, moved, symlinks=True)
        again = self.read(moved)
        assert again.fingerprint == faces.fingerprint
        assert again.found == faces.found, "no absolute paths in what was found"
        assert again.column("path").tolist() == faces.column("path").tolist()

    def test_passes_over_what_systems_leave_behind(
        self, root: Path | None, faces: FaceTable, tmp_path: Path
    ) -> None:
        if root is None:
            return
        littered = tmp_path / "littered" / root.name
        shutil.copytree(root, littered, symlinks=True)
        for folder in [littered, *(entry for entry in littered.rglob("*") if entry.is_dir())]:
            files = [entry for entry in sorted(folder.iterdir()) if entry.is_file()]
            beside = next((file.name for file in files if not is_junk(file.name)), "x.png")
            for name in _JUNK:
                (folder / name.format(beside)).write_bytes(b"\0\5\x16\7junk")
        again = self.read(littered)
        more = sorted(set(again.images.tolist()) - set(faces.images.tolist()))
        assert not more, f"read from files of the system: {more[:5]}"
        assert again.fingerprint == faces.fingerprint, "files of the system changed what was read"

    def test_opens_every_face_or_says_why_not(self, root: Path | None, faces: FaceTable) -> None:
        pictures = self.source.pictures(root, self._chosen())
        paths = faces.column("path").tolist()
        opened = list(pictures.open(paths))
        assert len(opened) == len(paths), "give one picture, or one Skip, a path"
        assert any(not isinstance(one, Skip) for one in opened), "no picture opens"
        for one in opened:
            if isinstance(one, Skip):
                assert one.reason, f"say why {one.path} was left out"
            else:
                shaped = one.ndim == 2 or (one.ndim == 3 and one.shape[2] == 3)
                assert one.dtype == np.uint8, f"a picture of {one.dtype}, not of bytes"
                assert shaped, f"a picture of shape {one.shape}, neither grey nor RGB"
        again = self.source.pictures(root, self._chosen())
        assert again.fingerprint(paths) == pictures.fingerprint(paths)
        if len(paths) > 1:
            assert pictures.fingerprint(paths[:1]) != pictures.fingerprint(paths), (
                "the fingerprint must follow the pictures: it decides what is decoded anew"
            )

    def test_what_was_not_coded_is_not_absent(self, faces: FaceTable) -> None:
        coded = faces.data["coded"].values
        intensity = faces.data["intensity"].values
        assert np.isnan(intensity[~coded]).all(), "an uncoded unit has no intensity, not even 0"

    def test_what_is_not_scored_is_not_weak(self, faces: FaceTable) -> None:
        scored = faces.data["intensity"].values[faces.data["present"].values]
        assert not (scored < 1).any(), "A is 1 and E is 5; what is present but not scored is NaN"

    def test_splits_are_known_parts(self, faces: FaceTable) -> None:
        strange = set(faces.column("split").tolist()) - set(PARTS)
        assert not strange, f"call a part train, validation or test, not {sorted(strange)}"

    def test_survives_the_disk(self, faces: FaceTable) -> None:
        again = FaceTable.from_dataset(faces.to_dataset())
        assert again.fingerprint == faces.fingerprint
        assert again.terms == faces.terms
        assert again.found == faces.found

    def test_refuses_unknown_options(self) -> None:
        with pytest.raises(ValidationError):
            self.source.Options.model_validate({**self.options, "no_such_option": 1})

    def test_refuses_a_folder_that_is_not_the_data_set(self, tmp_path: Path) -> None:
        if not self.source.needs_data:
            return
        other = tmp_path / "holidays"
        (other / "2019").mkdir(parents=True)
        (other / "2019" / "beach.txt").write_text("sand", encoding="utf-8")
        for folder in (other, tmp_path / "nowhere"):
            with pytest.raises(DataError) as caught:
                self.read(folder)
            assert str(folder) in str(caught.value), "name the folder"
        with pytest.raises(DataError) as caught:
            self.read(other)
        fault = caught.value.faults[0]
        assert fault.expected, "say what was looked for"
        assert fault.got, "say what was found"
        with pytest.raises(DataError):
            self.read(None)

    def test_writes_nothing(self, root: Path | None) -> None:
        if root is None:
            return
        before = contents(root)
        self.read(root)
        assert contents(root) == before, "a source writes nothing into the folder of the data"
