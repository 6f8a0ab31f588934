"""The commands. Each imports what it needs when it is called, so that `--help` is quick."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from facsinterp.cli.data import app as data_app
from facsinterp.cli.given import DataOption, Definition, ModelOption
from facsinterp.cli.progress import progress
from facsinterp.cli.store import app as store_app
from facsinterp.cli.tables import FileOption, Format, FormatOption, show
from facsinterp.errors import FacsinterpError, Fault

app = typer.Typer(
    name="facsinterp",
    help="Find out which filters of a facial-expression CNN answer to which action units.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(data_app, name="data")
app.add_typer(store_app, name="store")

OutOption = Annotated[Path, typer.Option("--out", help="Where reports are written.")]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or mps.")]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers", metavar="N", help="Sweep, and do jobs, on N processes of this machine.", min=1
    ),
]
SchedulerOption = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Sweep, and do jobs, on the workers of this Dask scheduler.",
    ),
]
RunFolder = Annotated[
    Path, typer.Argument(metavar="RUN", help="A run's folder: reports/<study>/<id>.")
]


def main() -> None:
    """Run the command line; what the library or the system refuses is told without a traceback."""
    try:
        app()
    except FacsinterpError as error:
        typer.echo("\n".join([f"error: {error}", *getattr(error, "__notes__", ())]), err=True)
        sys.exit(2)
    except OSError as error:
        typer.echo(f"error: {_of_system(error)}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("stopped; `run` and `sweep` go on where they stopped", err=True)
        sys.exit(130)


def _of_system(error: OSError) -> Fault:
    """What the system refused, and of which file."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return Fault(
        "a file or folder cannot be read or written",
        where=os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "",
        got=error.strerror or str(error) or type(error).__name__,
        do="make room on the disk" if full else "",
    )


@app.command()
def check(study: Definition) -> None:
    """Check a definition; print its id and what would be computed."""
    from facsinterp.study.parse import read_spec
    from facsinterp.study.steps import steps

    spec = read_spec(study)
    typer.echo(f"{spec.name}  {spec.id}\n{spec.question}\n")
    for name, text in steps(spec):
        typer.echo(f"  {name:<13} {text}")


@app.command()
def run(
    study: Definition,
    *,
    data: DataOption = None,
    model: ModelOption = None,
    out: OutOption = Path("reports"),
    device: DeviceOption = "auto",
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
) -> None:
    """Run a definition from faces to a report; steps that are done already are skipped."""
    from facsinterp.study.crew import crew_of
    from facsinterp.study.locate import DataPlaces
    from facsinterp.study.parse import read_spec
    from facsinterp.study.run import run_study

    spec = read_spec(study)
    places = DataPlaces.parse(data or [], model or [], spec.also)
    with crew_of(workers, scheduler) as crew:
        index = run_study(spec, places, out, device=device, crew=crew, progress=progress())
    typer.echo(f"report: {index}")


@app.command()
def sweep(
    study: Definition,
    *,
    data: DataOption = None,
    model: ModelOption = None,
    out: OutOption = Path("reports"),
    device: DeviceOption = "auto",
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="PATH",
            help="Where to make the store: a path or URL; left out, where `run` looks for it.",
        ),
    ] = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
) -> None:
    """Run a definition up to its activation store; `run` goes on from there."""
    from facsinterp.study.crew import crew_of
    from facsinterp.study.locate import DataPlaces
    from facsinterp.study.parse import read_spec
    from facsinterp.study.run import sweep_study

    spec = read_spec(study)
    places = DataPlaces.parse(data or [], model or [], spec.also)
    with crew_of(workers, scheduler) as crew:
        found = sweep_study(
            spec, places, out, store=store, device=device, crew=crew, progress=progress()
        )
    typer.echo(f"store: {found.path}")


@app.command()
def report(run_folder: RunFolder) -> None:
    """Write a run's site again from what the run computed."""
    from facsinterp.study.publish import publish

    typer.echo(f"report: {publish(run_folder, progress=progress())}")


@app.command()
def serve(
    folder: Annotated[Path, typer.Argument(help="A run's folder, or reports/.")] = Path("reports"),
    port: Annotated[int, typer.Option(help="On this machine only.", min=0, max=65535)] = 8000,
) -> None:
    """Serve reports to a browser on this machine."""
    from facsinterp.cli.server import serve_folder

    serve_folder(folder, port)


@app.command()
def query(  # noqa: PLR0913 - one parameter an option
    run_folder: RunFolder,
    *,
    au: Annotated[int | None, typer.Option(help="An action unit: its best filters.")] = None,
    filter_name: Annotated[
        str | None, typer.Option("--filter", help="A filter such as conv3/017: its units.")
    ] = None,
    face: Annotated[
        str | None, typer.Option(help="An image: the units that its filters vote for.")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="The order: auroc, z, z_beyond, kl, precision_at_n ..., the largest first; any "
            "p_ or q_, the least first. Else by q_auroc, then by the largest auroc."
        ),
    ] = None,
    min_effect: Annotated[float | None, typer.Option(help="The least AUROC.")] = None,
    max_q: Annotated[
        float | None,
        typer.Option(
            help="The largest corrected p of the test that goes with the order: q_beyond for "
            "numbers beyond emotion, q_precision for precision, lift and gain, q_kl for kl, else "
            "q_auroc."
        ),
    ] = None,
    layer: Annotated[list[str] | None, typer.Option(help="Filters of this layer.")] = None,
    top: Annotated[int, typer.Option("--top", "--n", help="Rows at most.", min=1)] = 10,
    form: FormatOption = Format.TABLE,
    out: FileOption = None,
) -> None:
    """Print the best filters of a unit, the units of a filter, or the units of a face."""
    from facsinterp.association.ranking import Ranking
    from facsinterp.cli.answers import answer, told, votes_for

    if face is not None:
        if any(one is not None for one in (au, filter_name, by, min_effect, max_q)) or layer:
            message = "--face goes with --top, --format and --out alone"
            raise typer.BadParameter(message)
        show(votes_for(run_folder, face).head(top), form, out)
        return
    asked = Ranking(by or "auroc", min_effect, max_q, layer, top)
    rows = answer(run_folder, asked, unit=au, filter_name=filter_name, usual=by is None)
    show(rows, form, out, columns=told(asked))


@app.command()
def studies() -> None:
    """List the studies that are installed."""
    from facsinterp.study.registry import installed, load, summary

    for name, point in installed().items():
        typer.echo(f"{name:<16} {summary(load(name))} ({point.value.partition(':')[0]})")
