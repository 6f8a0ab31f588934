"""What several commands are given: a definition, where its data lies, its models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Definition = Annotated[
    Path, typer.Argument(metavar="STUDY", help="A definition, or a folder with a study.toml.")
]
DataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="PATH",
        help="The data set's folder, or one that holds it; NAME=PATH for one source, or one "
        "[also.NAME], of several.",
    ),
]
ModelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="NAME=FILE",
        help="The model of a face detector that the definition crops by: yunet or mediapipe.",
    ),
]
