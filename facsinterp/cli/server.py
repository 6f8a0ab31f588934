"""A file server for reports, bound to this machine alone."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import typer

from facsinterp.errors import DataError, Fault


def serve_folder(folder: Path, port: int) -> None:
    """Serve a folder at 127.0.0.1 until interrupted. Raises DataError when it is not there."""
    if not folder.is_dir():
        raise DataError(
            Fault(
                "there is no folder to serve",
                where=str(folder),
                do="run a study first, or name the folder of a run",
            )
        )
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        fault = Fault(f"port {port} cannot be used", got=str(error), do="choose another --port")
        raise DataError(fault) from None
    with server:
        start = "site/index.html" if (folder / "site").is_dir() else ""
        typer.echo(f"http://127.0.0.1:{server.server_port}/{start}  (Ctrl-C stops)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("stopped")
