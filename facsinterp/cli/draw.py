"""`data draw`: every design of drawn faces is a command, and so is the layout of a data set."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields
from functools import cache
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Self, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperGroup

from facsinterp.cli.progress import progress

if TYPE_CHECKING:
    from facsinterp.faces.drawn.designs import Design

DESIGNS: Final = (
    "pairs",
    "ladders",
    "factorials",
    "confounded",
    "null",
    "sequences",
    "micro",
    "spontaneous",
)
_LAYOUT: Final = "layout"
_ALONE: Final = ("--list", "--help")
"""What may stand without a name."""


class Draws(TyperGroup):
    """Designs by name; any other name is that of a layout."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer's own context
        return [*DESIGNS, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """Loads what draws only when a design is asked for."""
        return _command(cmd_name) if cmd_name in DESIGNS else super().get_command(ctx, cmd_name)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401
        known = (*DESIGNS, *_ALONE, _LAYOUT)
        named = bool(args) and (args[0] not in known or (args[0] == "--list" and len(args) > 1))
        return super().parse_args(ctx, [_LAYOUT, *args] if named else args)


app = typer.Typer(
    cls=Draws,
    invoke_without_command=True,
    help="Draw faces with exact action units: an experiment, or a data set's layout with its "
    "known faults: data draw LAYOUT OUT.",
)


@app.callback()
def listed(
    context: typer.Context,
    *,
    _listing: Annotated[bool, typer.Option("--list", help="What there is to draw.")] = False,
) -> None:
    """Lists everything where nothing is named."""
    from facsinterp.cli.drawable import designs, layouts

    if context.invoked_subcommand is None:
        typer.echo(f"{layouts()}\n\n{designs()}")


@app.command(_LAYOUT)
def draw_layout(
    layout: Annotated[
        str, typer.Argument(metavar="LAYOUT", help="A data set's layout, such as ckplus.")
    ],
    out: Annotated[Path | None, typer.Argument(metavar="OUT", help="The folder to make.")] = None,
    *,
    people: Annotated[int | None, typer.Option(help="How many people.", min=1)] = None,
    sequences: Annotated[int | None, typer.Option(help="Of each of them.", min=1)] = None,
    quirks: Annotated[
        str | None, typer.Option(metavar="A,B", help="Faults to build in; none. Else all of them.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="Its faults by name.")] = False,
) -> None:
    """Faces laid out as a data set is, with its known faults; `layout` may be left out."""
    from facsinterp.cli.drawable import quirks_of
    from facsinterp.faces.layouts.contract import Cast
    from facsinterp.faces.layouts.registry import write

    if listing:
        typer.echo(quirks_of(layout))
        return
    if out is None:
        message = f"name the folder to make: data draw {layout} OUT"
        raise typer.BadParameter(message)
    asked = {"people": people, "sequences": sequences}
    cast = Cast(**{name: n for name, n in asked.items() if n is not None})
    words = None if quirks is None else [word.strip() for word in quirks.split(",")]
    chosen = [] if words == ["none"] else words
    typer.echo(f"drawn: {write(layout, out, cast, chosen)}")


@cache
def _command(name: str) -> Any:  # noqa: ANN401 - typer's own command
    """The command of a design, its options those of the design."""
    from facsinterp.faces.drawn.designs import DESIGNS as KNOWN

    design = KNOWN[name]
    hints = get_type_hints(design, include_extras=True)
    options = [_Number.of(one, hints[one.name]) for one in fields(design)]

    def draw(out: Path, only: str | None, **given: Any) -> None:  # noqa: ANN401
        asked = design(**{one.name: one.read(given.pop(one.name)) for one in options})
        _drawn(asked, out, only, **given)

    parameters = [_OUT, *(one.parameter for one in options), *_COMMON]
    draw.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    draw.__annotations__ = {one.name: one.annotation for one in parameters}
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name, help=f"{design.question}\n\n{inspect.getdoc(design)}")(draw)
    command = typer.main.get_command(alone)
    command.short_help = design.question
    return command


def _drawn(
    design: Design, out: Path, only: str | None, *, workers: int | None, dense: bool
) -> None:
    """Draws the design, and says where it lies."""
    from facsinterp.amounts import amount
    from facsinterp.faces.drawn.writing import FORMS, written

    forms: list[Any] = list(FORMS) if only is None else [only]
    folder = written(design, out, forms=forms, dense=dense, workers=workers, progress=progress())
    typer.echo(f"drawn: {folder}, {amount(len(design), 'picture')}")


def _parameter(name: str, kind: Any, default: Any, info: Any) -> Parameter:  # noqa: ANN401
    return Parameter(
        name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, info]
    )


_OUT: Final = _parameter(
    "out", Path, Parameter.empty, typer.Argument(metavar="OUT", help="The folder to make.")
)
_COMMON: Final = (
    _parameter(
        "workers",
        int | None,
        None,
        typer.Option(help="At most so many processes; else one a core.", min=1),
    ),
    _parameter("only", str | None, None, typer.Option(help="png or zarr; else both are written.")),
    _parameter(
        "dense",
        bool,
        False,
        typer.Option(
            "--dense",
            help="Depth, normals and part of the head at each pixel too, as arrays; of pairs, "
            "ladders and factorials how far the unit moves what is there.",
        ),
    ),
)


@dataclass(frozen=True)
class _Number:
    """A field of a design as an option: lists of units are texts, such as 1,2,12 or 1+4,6+12."""

    name: str
    kind: Any
    parameter: Parameter

    @classmethod
    def of(cls, field: Any, hint: Any) -> Self:  # noqa: ANN401 - a field of any type
        kind, words = get_args(hint)
        default = _text(field.default) if get_origin(kind) is tuple else field.default
        plain = kind if kind in (int, float, bool) else str
        info = typer.Option(help=words, metavar="UNITS" if get_origin(kind) is tuple else None)
        return cls(field.name, kind, _parameter(field.name, plain, default, info))

    def read(self, given: Any) -> Any:  # noqa: ANN401
        """What the field holds. Raises BadParameter for what is no list of units."""
        if get_origin(self.kind) is not tuple:
            return given
        pairs = get_args(self.kind)[0] is not int
        try:
            words = [tuple(map(int, word.split("+"))) for word in given.split(",") if word]
            return tuple((a, b) for a, b in words) if pairs else tuple(a for (a,) in words)
        except ValueError:
            message = f"{given}: expected {'1+4,6+12' if pairs else '1,2,12'}"
            raise typer.BadParameter(message, param_hint=f"--{self.name}") from None


def _text(units: tuple[Any, ...]) -> str:
    return ",".join(
        "+".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in units
    )
