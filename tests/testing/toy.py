"""A small data set that another package might read, and its source."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures, is_junk
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found, Terms

PEOPLE = ("anna", "ben")


class ToyOptions(SourceOptions):
    happy: bool = True
    """Whether smiling faces are taken."""


def tree(root: Path) -> Path:
    """Two people, each neutral and happy; one smile is scored, the other is not."""
    for number, who in enumerate(PEOPLE):
        (root / who).mkdir(parents=True)
        for frame, what in enumerate(("neutral", "happy")):
            picture = np.full((4, 5), 40 * number + 90 * frame + 3, np.uint8)
            picture[0, 0] = 255
            Image.fromarray(picture).save(root / who / f"{what}.png")
    (root / "codes.csv").write_text("anna,12B\nben,12\n")
    return root


def read(root: Path | None, options: ToyOptions) -> FaceTable:
    if root is None or not root.is_dir():
        raise DataError(Fault("there is no folder of Toy", where=str(root), do="name it"))
    files = [file for file in sorted(root.glob("*/*.png")) if not is_junk(file.name)]
    if not files or not (root / "codes.csv").is_file():
        got = ", ".join(sorted(one.name for one in root.iterdir()))
        expected = "codes.csv and anna/happy.png"
        raise DataError(Fault("this is not Toy", where=str(root), expected=expected, got=got))
    letters = dict(line.split(",") for line in (root / "codes.csv").read_text().splitlines())
    taken = [file for file in files if options.happy or file.stem != "happy"]
    smiles = np.array([[file.stem == "happy"] for file in taken])
    scored = [2.0 if letters[file.parent.name][2:] == "B" else np.nan for file in taken]
    return FaceTable.from_arrays(
        [f"{file.parent.name}_{file.stem}" for file in taken],
        [12],
        smiles,
        coded=smiles,
        intensity=np.where(smiles, np.array(scored)[:, None], np.nan),
        subject=[file.parent.name for file in taken],
        expression=[file.stem for file in taken],
        split=["train" if file.parent.name == "anna" else "test" for file in taken],
        path=[file.relative_to(root).as_posix() for file in taken],
        terms=Terms("Toy", "For tests alone.", redistributable=False),
        found=Found("people in folders", {"images": len(files)}, {"images": 4}),
    )


def pictures(root: Path | None, _options: ToyOptions) -> FilePictures:
    assert root is not None
    return FilePictures(root)


TOY: Source[Any] = Source("toy-faces", "Toy faces", ("Toy",), ToyOptions, read, pictures)


def changed(change) -> Source[Any]:
    """The toy source, what it reads being changed by a function of table and folder."""

    def broken(root, options):
        return change(read(root, options), root)

    return replace(TOY, read=broken)


def with_columns(**columns) -> Source[Any]:
    """The toy source with other columns, each of a function of the old one's values."""

    def change(faces, root):
        data = faces.data
        for name, of in columns.items():
            old = data[name].values
            data = data.assign_coords({name: ("image", [of(one) for one in old.tolist()])})
        return replace(faces, data=data)

    return changed(change)


def with_found(**parts) -> Source[Any]:
    """The toy source with other findings."""
    return changed(lambda faces, root: replace(faces, found=replace(faces.found, **parts)))


def with_terms(**parts) -> Source[Any]:
    """The toy source with other terms."""
    return changed(lambda faces, root: replace(faces, terms=replace(faces.terms, **parts)))
