"""A server of reports that only reads, bound to this machine alone.

What a page of another origin could do through a browser on this machine is refused: requests
by another name of the host, and showing reports in a frame.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import typer

from facsinterp.cli.served import INDEX, SITE, Sites, address, names_of, opened
from facsinterp.errors import DataError, Fault

_KINDS: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".bib": "text/plain; charset=utf-8",
}
_POLICY: Final = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": _POLICY,
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def serve_folder(folder: Path, port: int) -> None:
    """Serve the reports in a folder at 127.0.0.1 until interrupted.

    Raises DataError when the folder is not there, or the port cannot be used.
    """
    if not folder.is_dir():
        raise DataError(
            Fault(
                "there is no folder to serve",
                where=str(folder),
                do="run a study first, or name the folder of a run",
            )
        )
    sites = Sites(folder)
    sites.mend()
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), partial(Reader, sites))
    except OSError as error:
        fault = Fault(f"port {port} cannot be used", got=str(error), do="choose another --port")
        raise DataError(fault) from None
    with server:
        typer.echo(f"http://127.0.0.1:{server.server_port}/{_start(sites)}  (Ctrl-C stops)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("stopped")


def _start(sites: Sites) -> str:
    """Where a reader begins: the one site that the folder is or has, or the list of all."""
    for start in ((INDEX,), (SITE, INDEX)):
        if sites.file(start):
            return "/".join(start)
    return ""


class Reader(BaseHTTPRequestHandler):
    """Answers GET and HEAD with files of sites; any other request is refused. Final."""

    server_version = "facsinterp"
    sys_version = ""
    default_request_version = "HTTP/1.0"  # what cannot be read is answered with a status too
    timeout = 30  # seconds that a client may keep a thread waiting

    def __init__(self, sites: Sites, *args: Any) -> None:  # noqa: ANN401 - of http.server
        self.sites = sites
        super().__init__(*args)

    def handle(self) -> None:
        """One reader after another; of one who leaves while a page comes nothing is told."""
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        """The file, the list of reports, or why not."""
        self._answer()

    def do_HEAD(self) -> None:
        """As GET, without the content."""
        self._answer()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - http.server asks for do_<method>
        if name.startswith("do_"):
            return self._only_read
        raise AttributeError(name)

    def _only_read(self) -> None:
        self.close_connection = True
        self._send(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})

    def _answer(self) -> None:
        if not self._asked_by_own_name():
            self._send(HTTPStatus.FORBIDDEN)
            return
        names = names_of(self.path)
        if names is None:
            self._send(HTTPStatus.NOT_FOUND)
        elif names == ("",):
            self._begin()
        else:
            self._file(names if names[-1] else (*names[:-1], INDEX))

    def _asked_by_own_name(self) -> bool:
        """Whether Host names this machine: else a page elsewhere has made its name mean us."""
        _, port = self.connection.getsockname()
        own = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        if port == 80:
            own |= {"127.0.0.1", "localhost", "[::1]"}
        hosts = self.headers.get_all("Host") or []
        return len(hosts) == 1 and hosts[0].strip().lower() in own

    def _begin(self) -> None:
        start = _start(self.sites)
        if start:
            self._send(HTTPStatus.FOUND, {"Location": f"/{start}"})
            return
        content = self.sites.listing()
        policy = f"default-src 'none'; style-src 'unsafe-inline'; {_POLICY}"
        told = {"Content-Type": _KINDS[".html"], "Content-Security-Policy": policy}
        self._send(HTTPStatus.OK, told, content)

    def _file(self, names: tuple[str, ...]) -> None:
        path = self.sites.file(names)
        found = None if path is None else opened(path)
        if path is None or found is None:
            if self.sites.file((*names, INDEX)):
                self._send(HTTPStatus.MOVED_PERMANENTLY, {"Location": address((*names, ""))})
            else:
                self._send(HTTPStatus.NOT_FOUND)
            return
        held, state = found
        with os.fdopen(held, "rb") as file:
            tag = f'"{state.st_mtime_ns:x}-{state.st_size:x}-{state.st_ino:x}"'
            if self.headers.get("If-None-Match") == tag:
                self._send(HTTPStatus.NOT_MODIFIED, {"ETag": tag})
                return
            kind = _KINDS.get(path.suffix, "application/octet-stream")
            self._head(HTTPStatus.OK, {"Content-Type": kind, "ETag": tag}, state.st_size)
            if self.command != "HEAD":
                shutil.copyfileobj(file, self.wfile)

    def _send(
        self, status: HTTPStatus, told: dict[str, str] | None = None, content: bytes | None = None
    ) -> None:
        if content is None:
            content = f"{status.value} {status.phrase}\n".encode()
            told = {"Content-Type": _KINDS[".txt"]} | (told or {})
        if status == HTTPStatus.NOT_MODIFIED:
            content = b""
        self._head(status, told or {}, len(content))
        if self.command != "HEAD":
            self.wfile.write(content)

    def _head(self, status: HTTPStatus, told: dict[str, str], size: int) -> None:
        self.send_response(status)
        for name, value in (_HEADERS | told | {"Content-Length": str(size)}).items():
            self.send_header(name, value)
        self.end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """What http.server refuses by itself, such as a request that it cannot read."""
        self.close_connection = True
        self._send(HTTPStatus(code))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - of http.server
        """Nothing: what was asked for is the reader's business."""
