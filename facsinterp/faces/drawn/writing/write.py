"""Designs written to a folder: whole or not at all, gone on with, never drawn twice.

<set>/set.json        the design, and the key of everything that decides the bytes
      faces.csv       one row a picture: what the source `manifest` reads
      truth.csv       what each face shows, right and left; pose, gaze, light
      landmarks.csv   its 68 points
      images/ masks/  PNG
      faces.zarr      all of it as arrays
      LICENSE.txt
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal, TextIO, get_args

from facsinterp.amounts import amount
from facsinterp.errors import DataError, Fault, InputError, writing
from facsinterp.faces.drawn.designs.contract import Design
from facsinterp.faces.drawn.render import drawing_code
from facsinterp.faces.drawn.writing import store
from facsinterp.faces.drawn.writing.blocks import Block, made, spans
from facsinterp.faces.drawn.writing.tables import head, heads
from facsinterp.progress import SILENT, Progress
from facsinterp.provenance import fingerprint

Form = Literal["png", "zarr"]
FORMS: Final[tuple[Form, ...]] = get_args(Form)
_FORMAT: Final = 1
_CARD: Final = "set.json"
_LINES: Final = "lines"
_DONE: Final = "done"
_LICENCE: Final = """CC0 1.0 Universal

These faces were drawn by facsinterp; no person is shown. Whoever made this folder waives
all rights in it.
"""


def cached(
    design: Design,
    cache: Path,
    *,
    forms: Sequence[Form] = FORMS,
    dense: bool = False,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> Path:
    """The folder in `cache` that holds a design, drawn only if it is not there.

    Its name has the fingerprint of the drawing code, the design and the size.
    """
    folder = cache / f"{design.name}-{_key(design, forms, dense=dense)}"
    return written(design, folder, forms=forms, dense=dense, workers=workers, progress=progress)


def written(
    design: Design,
    out: Path,
    *,
    forms: Sequence[Form] = FORMS,
    dense: bool = False,
    workers: int | None = None,
    progress: Progress = SILENT,
) -> Path:
    """Write a design to a folder `out`, which is given back; see the module for what is in it.

    `dense`: the arrays hold depth, normals and part at every pixel too, and of pairs the
    displacement; this takes about as long again, and twenty times the room.
    The bytes do not depend on `workers` (None: a process a core). It appears whole or not at
    all; what was drawn when it is stopped lies in `<out>.partial`, and the same again goes on
    from there. Where `out` holds the same set already nothing is drawn. Raises InputError for
    a folder that holds something else, DataError while another process writes it.
    """
    InputError.raise_any(_faults(forms, workers, dense=dense))
    key = _key(design, forms, dense=dense)
    if _there(out, key):
        progress.say(f"{out} holds these {amount(len(design), 'face')} already")
        return out
    place = out.resolve()
    partial = place.with_name(f"{place.name}.partial")
    with writing("the set of drawn faces", place), _alone(partial, out):
        # Asked again: another process may have finished it before this one was alone.
        if not _there(out, key):
            _begin(partial, design, key, forms, progress)
            _fill(partial, design, forms, workers, progress, dense=dense)
            _finish(partial, design, key, forms)
            if place.exists():
                place.rmdir()
            partial.rename(place)
    return out


def _there(out: Path, key: str) -> bool:
    """Whether the set is in a folder. Raises InputError where it cannot become that folder."""
    found = _key_in(out)
    if found == key:
        return True
    if out.exists():
        InputError.raise_any(_in_the_way(out, found))
    return False


def _in_the_way(out: Path, found: str) -> Iterator[Fault]:
    """Why a folder with this key, or a file, cannot become a set."""
    if not out.is_dir():
        yield Fault("the folder to make is a file", where=str(out), do="name a new one")
    elif out.resolve() == Path.cwd():
        what = "the working directory cannot become a set"
        yield Fault(what, where=str(out.resolve()), do="name a new folder in it")
    elif any(out.iterdir()):
        got = "another set of drawn faces" if found else "other files"
        yield Fault("the folder is not empty", where=str(out), got=got, do="name a new one")


def _faults(forms: Sequence[Form], workers: int | None, *, dense: bool) -> Iterator[Fault]:
    if not forms or set(forms) - set(FORMS):
        yield Fault("unknown forms of a set", expected=" or ".join(FORMS), got=", ".join(forms))
    if dense and "zarr" not in forms:
        yield Fault("what is at each pixel has no PNG", do="write zarr too")
    if workers is not None and workers < 1:
        yield Fault("too few workers", expected="at least 1", got=str(workers))


def _key(design: Design, forms: Sequence[Form], *, dense: bool) -> str:
    return fingerprint(_FORMAT, drawing_code(), design.settings, sorted(set(forms)), dense)


def _key_in(folder: Path) -> str:
    """The key of the set in a folder; empty where there is none."""
    try:
        card = json.loads((folder / _CARD).read_text(encoding="utf-8"))
        return str(card["key"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@contextmanager
def _alone(partial: Path, out: Path) -> Iterator[None]:
    """While it lasts, no other process writes `out`; a process that dies lets go."""
    partial.parent.mkdir(parents=True, exist_ok=True)
    lock = partial.with_name(f"{partial.name}.lock")
    with _locked(lock, out):
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _locked(lock: Path, out: Path) -> TextIO:
    """The lock file, open and held by this process."""
    while True:
        file = lock.open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise DataError(
                Fault("another process writes this set", where=str(out), do="wait for it")
            ) from None
        # Whoever held it may have taken it away since it was opened: then it keeps nobody out.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), lock.stat()):
                return file
        file.close()


def _begin(
    partial: Path, design: Design, key: str, forms: Sequence[Form], progress: Progress
) -> None:
    """Make the folder, or go on with the one that is there if it is of the same key."""
    begun = partial / "begun"
    if begun.is_file() and begun.read_text(encoding="utf-8") == key:
        there = len(list((partial / _DONE).iterdir()))
        progress.say(f"going on: {there} of {len(spans(design))} parts are there")
        return
    shutil.rmtree(partial, ignore_errors=True)
    for folder in (_DONE, _LINES):
        (partial / folder).mkdir(parents=True)
    if "zarr" in forms:
        store.begin(partial, design)
    begun.write_text(key, encoding="utf-8")


def _fill(
    partial: Path,
    design: Design,
    forms: Sequence[Form],
    workers: int | None,
    progress: Progress,
    *,
    dense: bool,
) -> None:
    """Draw the blocks that are missing, and mark each when all of it is there."""
    each = spans(design)
    done = {int(mark.name) for mark in (partial / _DONE).iterdir()}
    todo = [number for number in range(len(each)) if number not in done]
    left = sum(len(each[number]) for number in todo)
    try:
        with progress.step(f"Drawing {design.name}", left) as advance:
            for block in made(design, todo, workers, pictures="png" in forms, dense=dense):
                _put(partial, design, block, forms)
                left -= len(each[block.number])
                advance(len(each[block.number]))
    except KeyboardInterrupt:
        kept = f"{len(design) - left} of {amount(len(design), 'face')} lie in {partial}"
        progress.say(f"stopped: {kept}; the same command goes on from there")
        raise


def _put(partial: Path, design: Design, block: Block, forms: Sequence[Form]) -> None:
    for name, content in block.files.items():
        path = partial / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for name, content in block.lines.items():
        (partial / _LINES / f"{block.number:06d}-{name}").write_bytes(content)
    if "zarr" in forms:
        store.put(partial, design, block)
    (partial / _DONE / f"{block.number:06d}").touch()


def _finish(partial: Path, design: Design, key: str, forms: Sequence[Form]) -> None:
    """Put the tables together, and take away what only served to go on."""
    for name, columns in heads(design).items():
        if "png" in forms:
            with (partial / name).open("wb") as file:
                file.write(head(columns))
                for lines in sorted((partial / _LINES).glob(f"*-{name}")):
                    file.write(lines.read_bytes())
    card: dict[str, Any] = {
        "key": key,
        "frames": len(design),
        "forms": sorted(set(forms)),
        **design.settings,
    }
    (partial / "LICENSE.txt").write_text(_LICENCE, encoding="utf-8")
    (partial / _CARD).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    for folder in (_DONE, _LINES):
        shutil.rmtree(partial / folder)
    (partial / "begun").unlink()
