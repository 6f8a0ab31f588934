"""`facsinterp store`: what an activation store holds, and questions to it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from facsinterp.amounts import amount
from facsinterp.cli.tables import FileOption, Format, FormatOption, show

if TYPE_CHECKING:
    import xarray as xr

    from facsinterp.activations.store import ActivationStore

app = typer.Typer(no_args_is_help=True, help="Ask an activation store.")


class OnePer(StrEnum):
    """What enters a list once."""

    SEQUENCE = "sequence"
    SUBJECT = "subject"


class Method(StrEnum):
    """Kinds of correlation."""

    SPEARMAN = "spearman"
    PEARSON = "pearson"


Place = Annotated[str, typer.Argument(metavar="PATH", help="A store, or a run's folder.")]
Filter = Annotated[str, typer.Argument(metavar="FILTER", help="Such as conv3/017.")]
Length = Annotated[int, typer.Option("--n", help="Rows at most.", min=1)]
Once = Annotated[OnePer | None, typer.Option("--one-per", help="Each only once.")]
Units = Annotated[list[int] | None, typer.Option("--au", help="Faces that show this unit.")]
Absent = Annotated[
    list[int] | None, typer.Option("--without-au", help="Faces coded without this unit.")
]
Emotions = Annotated[list[str] | None, typer.Option("--emotion", help="Faces of this label.")]
Subjects = Annotated[list[str] | None, typer.Option("--subject", help="Faces of this person.")]
Splits = Annotated[list[str] | None, typer.Option("--split", help="Faces of this split.")]
Phases = Annotated[list[str] | None, typer.Option("--phase", help="Faces of this phase.")]
Kind = Annotated[Method, typer.Option("--method")]


def opened(path: str) -> ActivationStore:
    """The store at a path or an address, or in a run's folder."""
    from facsinterp.activations.store import ActivationStore

    return ActivationStore.open(_store_of(path))


def _store_of(path: str) -> str:
    from facsinterp.study.folder import RunFolder

    inside = RunFolder(Path(path)).store
    return str(inside) if "://" not in path and inside.exists() else path


@app.command()
def info(path: Place, form: FormatOption = Format.TABLE, out: FileOption = None) -> None:
    """What it holds, how it was made, and under which terms."""
    import pandas as pd

    from facsinterp.activations.asking.overview import facts

    store = opened(path)
    if form is Format.TABLE and out is None:
        typer.echo(repr(store))
        return
    show(pd.DataFrame(facts(store), columns=["fact", "value"]), form, out)


@app.command()
def verify(path: Place, form: FormatOption = Format.TABLE, out: FileOption = None) -> None:
    """Read and check everything; exit 2 with every fault."""
    from facsinterp.activations.checks import checked

    show(checked(_store_of(path)), form, out)


@app.command()
def top(  # noqa: PLR0913 - one parameter an option
    path: Place,
    which: Filter,
    *,
    n: Length = 10,
    one_per: Once = None,
    au: Units = None,
    without_au: Absent = None,
    emotion: Emotions = None,
    subject: Subjects = None,
    split: Splits = None,
    phase: Phases = None,
    form: FormatOption = Format.TABLE,
    out: FileOption = None,
) -> None:
    """The faces that a filter answers to most."""
    store = opened(path)
    group = _group(store, au, without_au, emotion, subject, split, phase)
    _show_faces(store.top(which, n, _value(one_per), within=group), form, out)


@app.command()
def bottom(  # noqa: PLR0913
    path: Place,
    which: Filter,
    *,
    n: Length = 10,
    one_per: Once = None,
    au: Units = None,
    without_au: Absent = None,
    emotion: Emotions = None,
    subject: Subjects = None,
    split: Splits = None,
    phase: Phases = None,
    form: FormatOption = Format.TABLE,
    out: FileOption = None,
) -> None:
    """The faces that a filter answers to least."""
    store = opened(path)
    group = _group(store, au, without_au, emotion, subject, split, phase)
    _show_faces(store.bottom(which, n, _value(one_per), within=group), form, out)


@app.command()
def examples(  # noqa: PLR0913
    path: Place,
    which: Filter,
    *,
    bins: Annotated[int, typer.Option("--bins", help="Parts of the range.", min=1)] = 5,
    per_bin: Annotated[int, typer.Option("--per-bin", help="Faces of each.", min=1)] = 5,
    one_per: Once = None,
    au: Units = None,
    without_au: Absent = None,
    emotion: Emotions = None,
    subject: Subjects = None,
    split: Splits = None,
    phase: Phases = None,
    form: FormatOption = Format.TABLE,
    out: FileOption = None,
) -> None:
    """Faces from the whole range of a filter's answers."""
    store = opened(path)
    group = _group(store, au, without_au, emotion, subject, split, phase)
    found = store.examples(which, bins, per_bin, _value(one_per), within=group)
    _show_faces(found, form, out)
    silent, considered = found.attrs["silent"], found.attrs["considered"]
    typer.echo(f"silent for {silent} of {amount(considered, 'image')}", err=True)


@app.command()
def face(
    path: Place,
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="An image's identifier.")],
    n: Length = 20,
    form: FormatOption = Format.TABLE,
    out: FileOption = None,
) -> None:
    """The filters that answer to one face, the most unusual answers first."""
    show(opened(path).face(image).head(n), form, out)


@app.command()
def correlated(
    path: Place,
    which: Filter,
    n: Length = 10,
    method: Kind = Method.SPEARMAN,
    form: FormatOption = Format.TABLE,
    out: FileOption = None,
) -> None:
    """The filters that answer to the same faces as a filter."""
    show(opened(path).correlated(which, n, method.value), form, out)


@app.command()
def duplicates(
    path: Place,
    threshold: Annotated[float, typer.Option("--threshold", help="Least correlation.")] = 0.99,
    layer: Annotated[str | None, typer.Option("--layer", help="Inside this layer.")] = None,
    method: Kind = Method.SPEARMAN,
    form: FormatOption = Format.TABLE,
    out: FileOption = None,
) -> None:
    """Pairs of filters that answer alike."""
    show(opened(path).duplicates(threshold, layer, method.value), form, out)


@app.command()
def layers(
    path: Place,
    layer: Annotated[str | None, typer.Argument(metavar="[LAYER]")] = None,
    form: FormatOption = Format.TABLE,
    out: FileOption = None,
) -> None:
    """What the filters of each layer did, or each filter of one."""
    show(opened(path).summary(layer), form, out)


@app.command()
def frame(  # noqa: PLR0913
    path: Place,
    filters: Annotated[list[str], typer.Argument(metavar="FILTER...")],
    *,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="Of the faces: subject, AU12 ...")
    ] = None,
    au: Units = None,
    without_au: Absent = None,
    emotion: Emotions = None,
    subject: Subjects = None,
    split: Splits = None,
    phase: Phases = None,
    form: FormatOption = Format.TABLE,
    out: FileOption = None,
) -> None:
    """Answers of filters beside what is known of the faces, one row an image."""
    store = opened(path)
    group = _group(store, au, without_au, emotion, subject, split, phase)
    show(store.to_frame(filters, column, within=group), form, out)


def _group(
    store: ActivationStore,
    present: list[int] | None,
    absent: list[int] | None,
    *names: list[str] | None,
) -> xr.DataArray | None:
    """The faces that meet every option; None without any."""
    emotion, subject, split, phase = (given or None for given in names)
    masks = []
    if absent:
        masks.append(store.where(au=absent, present=False))
    if present or any(names):
        masks.append(
            store.where(
                au=present or None, emotion=emotion, subject=subject, split=split, phase=phase
            )
        )
    if not masks:
        return None
    return masks[0] if len(masks) == 1 else masks[0] & masks[1]


def _value(one_per: OnePer | None) -> Literal["sequence", "subject"] | None:
    return None if one_per is None else one_per.value


def _show_faces(found: xr.Dataset, form: Format, out: Path | None) -> None:
    from facsinterp.activations.asking.examples import as_frame

    listing = as_frame(found)
    show(listing, form, out)
    if listing.empty:
        typer.echo("the filter is dead or constant, or silent for these faces", err=True)
    tied, listed = found.attrs.get("tied_at_end", 0), found.attrs.get("tied_listed", 0)
    if tied > listed:
        typer.echo(
            f"{tied} images have the value of the last; which {listed} of them are listed "
            "depends on their place in the store alone",
            err=True,
        )
