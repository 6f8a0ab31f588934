"""The commands on data sets and drawn faces. Each imports what it needs when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facsinterp.cli.given import DataOption, Definition, ModelOption
from facsinterp.cli.progress import progress

app = typer.Typer(no_args_is_help=True, help="Look at data sets and the drawn faces.")


@app.command("check")
def data_check(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A source, such as ckplus.")],
    root: Annotated[
        Path | None,
        typer.Argument(metavar="ROOT", help="Its folder, or one that holds it by its usual name."),
    ] = None,
    *,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="An option of the source, as last=2."),
    ] = None,
    to_json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Everything as JSON; - prints it.")
    ] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Whether every picture is opened.")
    ] = True,
) -> None:
    """Say what a source finds in a folder, what it leaves out, copies and who may be shown."""
    from facsinterp.cli.found import told
    from facsinterp.cli.looking import look_at, titled
    from facsinterp.cli.tables import place, put

    if to_json is not None and str(to_json) != "-":
        place(to_json)
    found = look_at(source, root, settings or (), pictures=pictures, progress=progress())
    if to_json is None or str(to_json) != "-":
        typer.echo(told(titled(source), found))
    if to_json is not None:
        put(found.to_json(), None if str(to_json) == "-" else to_json)


@app.command("sources")
def data_sources() -> None:
    """List the sources of faces with their terms and options."""
    from facsinterp.cli.listed import sources

    typer.echo(sources())


@app.command("draw")
def data_draw(
    layout: Annotated[
        str | None, typer.Argument(metavar="LAYOUT", help="A data set's layout, such as ckplus.")
    ] = None,
    out: Annotated[Path | None, typer.Argument(metavar="OUT", help="The folder to make.")] = None,
    *,
    people: Annotated[int | None, typer.Option(help="How many people.", min=1)] = None,
    sequences: Annotated[int | None, typer.Option(help="Of each of them.", min=1)] = None,
    quirks: Annotated[
        str | None, typer.Option(metavar="A,B", help="Faults to build in; none. Else all of them.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="What there is to draw.")] = False,
) -> None:
    """Draw faces, with exact action units, laid out as a data set is, with its known faults."""
    from facsinterp.cli.listed import layouts, quirks_of
    from facsinterp.faces.layouts.contract import Cast
    from facsinterp.faces.layouts.registry import write

    if listing or layout is None:
        typer.echo(layouts() if layout is None else quirks_of(layout))
        return
    if out is None:
        message = f"name the folder to make: data draw {layout} OUT"
        raise typer.BadParameter(message)
    asked = {"people": people, "sequences": sequences}
    cast = Cast(**{name: n for name, n in asked.items() if n is not None})
    words = None if quirks is None else [word.strip() for word in quirks.split(",")]
    chosen = [] if words == ["none"] else words
    typer.echo(f"drawn: {write(layout, out, cast, chosen)}")


@app.command("show")
def data_show(
    study: Definition,
    *,
    data: DataOption = None,
    model: ModelOption = None,
    out: Annotated[Path, typer.Option("--out", help="The picture to write.")] = Path("sheet.png"),
    faces: Annotated[int, typer.Option(help="How many faces.", min=1, max=200)] = 24,
) -> None:
    """Draw faces of a definition as they are, prepared, and as its network takes them."""
    from facsinterp.cli.answers import picture_file
    from facsinterp.cli.tables import whole
    from facsinterp.study.locate import DataPlaces
    from facsinterp.study.parse import read_spec
    from facsinterp.study.showing import write_sheet

    picture_file(out)
    places = DataPlaces.parse(data or [], model or [])
    with whole(out) as partial:
        write_sheet(read_spec(study), places, partial, faces, progress())
    typer.echo(f"sheet: {out}")


@app.command("atlas")
def data_atlas(
    out: Annotated[Path, typer.Option("--out", help="The picture to write.")] = Path("atlas.png"),
    people: Annotated[int, typer.Option(help="How many people.", min=1, max=12)] = 4,
    seed: Annotated[int, typer.Option(help="Other people for another seed.", min=0)] = 0,
) -> None:
    """Draw every action unit at E beside neutral, for several people."""
    from facsinterp.cli.answers import picture_file
    from facsinterp.cli.tables import whole
    from facsinterp.faces.drawn.atlas import atlas

    picture_file(out)
    with whole(out) as partial:
        atlas(range(1, people + 1), seed=seed).save(partial, "PNG")
    typer.echo(f"atlas: {out}")
