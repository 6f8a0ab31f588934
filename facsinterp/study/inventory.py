"""The inventory of the faces of a run, kept in its folder for the report."""

from __future__ import annotations

from typing import Final

from facsinterp.errors import DataError
from facsinterp.faces.inventory import FORMAT, Inventory, inventory_of_pixels
from facsinterp.faces.table import FaceTable
from facsinterp.progress import Progress
from facsinterp.provenance import fingerprint
from facsinterp.study.corpus import Corpus
from facsinterp.study.folder import RunFolder
from facsinterp.study.ledger import Ledger

THIS_RUN: Final = "this run"
"""What the split that the network was trained with is called beside the official ones."""


def keep_inventory(looked: Corpus, swept: FaceTable, folder: RunFolder, ledger: Ledger) -> None:
    """Write what the faces hold, as the network gets them, unless it is there.

    `swept`: the same faces with the part of each in training, which may be none.
    """
    faces, used = looked.faces, swept.column("split").tolist()
    told = sorted(faces.to_dataset().attrs.items())  # terms and what was found
    key = fingerprint(FORMAT, faces.fingerprint, looked.pixels.fingerprint, used, told)
    if ledger.has(folder.inventory.name, key):
        return
    found = inventory_of_pixels(faces, looked.pixels, {THIS_RUN: used})
    partial = folder.inventory.with_suffix(".partial")
    partial.write_text(found.to_json(), encoding="utf-8")
    partial.replace(folder.inventory)
    ledger.mark(folder.inventory.name, key)


def kept_inventory(folder: RunFolder, progress: Progress) -> Inventory | None:
    """The inventory of a run; None for older runs, and where it cannot be read, which is said."""
    try:
        return Inventory.from_json(folder.inventory.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except DataError as error:
        progress.say(f"report: without the inventory of the faces, since {error}")
        return None
