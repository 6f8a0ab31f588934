"""The commands on data sets and drawn faces. Each imports what it needs when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facsinterp.cli.draw import app as draw_app
from facsinterp.cli.given import DataOption, Definition, ModelOption
from facsinterp.cli.progress import progress

app = typer.Typer(no_args_is_help=True, help="Look at data sets and the drawn faces.")
app.add_typer(draw_app, name="draw")


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
    out: Annotated[
        Path, typer.Option("--out", help="NAME.html, or NAME.png for a sheet of several people.")
    ] = Path("atlas.html"),
    people: Annotated[int, typer.Option(help="Of a sheet.", min=1, max=12)] = 4,
    seed: Annotated[int, typer.Option(help="Other people of a sheet.", min=0)] = 0,
) -> None:
    """Write the atlas: every drawn unit from A to E, what it is, and how to know it.

    One HTML file that opens without a network: each unit from the front and turned, its name
    and muscles, what to look for, and the units that it cannot be shown with. A PNG instead
    shows every unit at E beside neutral, for several people.
    """
    from facsinterp.cli.answers import picture_file
    from facsinterp.cli.tables import place, whole

    if out.suffix.lower() in (".html", ".htm"):
        from facsinterp.report.building.alone import atlas_file

        place(out)
        with progress().step("Drawing the atlas", 1), whole(out) as partial:
            partial.write_bytes(atlas_file())
    else:
        from facsinterp.faces.drawn.atlas import atlas

        picture_file(out)
        with whole(out) as partial:
            atlas(range(1, people + 1), seed=seed).save(partial, "PNG")
    typer.echo(f"atlas: {out}")
