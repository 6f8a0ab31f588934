"""The server reads sites and nothing else, whatever is asked and by whom."""

import os
import socket
import struct
import threading
from functools import partial
from http.server import ThreadingHTTPServer
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facsinterp.cli.served import Sites, names_of, opened
from facsinterp.cli.server import Reader
from facsinterp.report.building.place import building

SECRET = b"nobody's to see"


def marked(site):
    """What every site has beside its first page."""
    (site / "assets").mkdir(parents=True, exist_ok=True)
    for name in ("methods.html", "assets/style.css"):
        (site / name).write_text("", encoding="utf-8")


HOSTILE = "<script>alert(1)<"  # a name of a run


@pytest.fixture(scope="module")
def outer(tmp_path_factory):
    """A folder with secrets around, and in it reports/ with two runs."""
    top = tmp_path_factory.mktemp("outer")
    (top / "secret.html").write_bytes(SECRET)
    (top / "index.html").write_bytes(SECRET)
    reports = top / "reports"
    for name, run in (("quickstart", "0123"), (HOSTILE, "4567")):
        folder = reports / name / run
        site = folder / "site"
        (site / "filters").mkdir(parents=True)
        marked(site)
        (site / "index.html").write_text(f"index of {name}", encoding="utf-8")
        (site / "filters/conv1~a-000.html").write_text("a filter", encoding="utf-8")
        (site / "site.js").write_text("1", encoding="utf-8")
        (site / ".hidden.html").write_bytes(SECRET)
        (site / ".git").mkdir()
        (site / ".git/config").write_bytes(SECRET)
        (site / "%2e%2e").mkdir()
        (site / "%2e%2e/ok.txt").write_text("a strange name", encoding="utf-8")
        (site / "out.html").symlink_to(top / "secret.html")
        (site / "outside").symlink_to(top)
        (site / "run.toml").symlink_to("../study.toml")
        (site / "peek.html").symlink_to(".hidden.html")
        (site / "twin.html").symlink_to("index.html")
        (folder / "study.toml").write_bytes(SECRET)
        (folder / "activations.zarr").mkdir()
        (folder / "activations.zarr/zarr.json").write_bytes(SECRET)
        (folder / "site.partial/making-1/site").mkdir(parents=True)
        (folder / "site.partial/making-1/site/index.html").write_bytes(SECRET)
        os.mkfifo(site / "pipe.html")
    (reports / "unfinished/89ab").mkdir(parents=True)
    (reports / "elsewhere").symlink_to(top)
    return top


@pytest.fixture(scope="module")
def port(outer):
    yield from serving(outer / "reports")


def serving(folder):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Reader, Sites(folder)))
    worker = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    worker.start()
    yield server.server_port
    server.shutdown()
    worker.join()
    server.server_close()


def raw(port, text):
    """What comes back for exactly these bytes: status, headers by lower-case name, content."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(text if isinstance(text, bytes) else text.encode())
        wire.shutdown(socket.SHUT_WR)
        found = b""
        while part := wire.recv(65536):
            found += part
    head, _, content = found.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, content


def ask(port, target, method="GET", host=None, more=""):
    host = f"127.0.0.1:{port}" if host is None else host
    return raw(port, f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n")


RUN = "/quickstart/0123/site"


def test_pages_are_read_with_their_kind_and_safe_headers(port):
    status, headers, content = ask(port, f"{RUN}/filters/conv1~a-000.html?x=1#y")
    assert (status, content) == (200, b"a filter")
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["content-length"] == "8"
    for name, value in (
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-cache"),
        ("cross-origin-resource-policy", "same-origin"),
    ):
        assert headers[name] == value
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "Python" not in headers["server"]
    assert ask(port, f"{RUN}/site.js")[1]["content-type"].startswith("text/javascript")
    assert ask(port, f"{RUN}/twin.html")[0] == 200
    assert ask(port, f"{RUN}/")[2] == b"index of quickstart"
    assert ask(port, f"{RUN}/%252e%252e/ok.txt")[2] == b"a strange name"


def test_head_has_no_content_and_the_same_headers(port):
    got, head = ask(port, f"{RUN}/index.html"), ask(port, f"{RUN}/index.html", "HEAD")
    assert head[2] == b""
    assert head[0] == 200
    assert {**head[1], "date": ""} == {**got[1], "date": ""}


def test_a_page_that_is_known_is_not_sent_again(port):
    tag = ask(port, f"{RUN}/index.html")[1]["etag"]
    status, headers, content = ask(port, f"{RUN}/index.html", more=f"If-None-Match: {tag}\r\n")
    assert (status, content) == (304, b"")
    assert headers["etag"] == tag


@pytest.mark.parametrize(
    "method",
    [
        "POST",
        "PUT",
        "DELETE",
        "PATCH",
        "OPTIONS",
        "TRACE",
        "CONNECT",
        "PROPFIND",
        "get",
        "__init__",
    ],
)
def test_nothing_but_reading_is_allowed(port, outer, method):
    status, headers, content = ask(port, f"{RUN}/index.html", method)
    assert status == 405
    assert headers["allow"] == "GET, HEAD"
    assert b"index of" not in content
    assert (outer / "reports/quickstart/0123/site/index.html").exists()


@pytest.mark.parametrize(
    "target",
    [
        f"{RUN}/../study.toml",
        f"{RUN}/../activations.zarr/zarr.json",
        f"{RUN}/%2e%2e/study.toml",
        f"{RUN}/%2e%2e%2fstudy.toml",
        f"{RUN}/..%2fstudy.toml",
        f"{RUN}/%252e%252e%252fstudy.toml",
        f"{RUN}/%252e%252e/%252e%252e/study.toml",
        f"{RUN}/..%5cstudy.toml",
        f"{RUN}/..\\study.toml",
        f"{RUN}/....//study.toml",
        f"{RUN}/.",
        f"{RUN}/..",
        f"{RUN}/index.html/",
        f"{RUN}/index.html%00.txt",
        f"{RUN}/%00",
        f"{RUN}/%0d%0aX-Evil:%201",
        f"{RUN}//index.html",
        f"{RUN}/out.html",
        f"{RUN}/outside/secret.html",
        f"{RUN}/outside/",
        f"{RUN}/run.toml",
        f"{RUN}/peek.html",
        f"{RUN}/pipe.html",
        f"{RUN}/.hidden.html",
        f"{RUN}/.git/config",
        f"{RUN}/%2egit/config",
        f"{RUN}/filters/",
        f"{RUN}/filters",
        f"{RUN}/%ff%fe",
        f"{RUN}/{'a' * 5000}",
        "/quickstart/0123/study.toml",
        "/quickstart/0123/activations.zarr/zarr.json",
        "/quickstart/0123/site.partial/making-1/site/index.html",
        "/quickstart/",
        "/quickstart",
        "/unfinished/89ab/",
        "/elsewhere/secret.html",
        "/elsewhere/reports/quickstart/0123/site/index.html",
        "/../secret.html",
        "/%2e%2e/secret.html",
        "//secret.html",
        "/..",
        "/etc/passwd",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/C:/Windows/win.ini",
        "http://127.0.0.1/quickstart/0123/site/index.html",
        "http://evil.example/",
        "*",
        "secret.html",
        "?",
        "file:///etc/passwd",
    ],
)
def test_nothing_outside_of_a_site_is_read(port, target):
    status, _, content = ask(port, target)
    assert status == 404
    assert SECRET not in content
    assert b"root:" not in content


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1:PORT", True),
        ("localhost:PORT", True),
        ("LocalHost:PORT", True),
        ("[::1]:PORT", True),
        ("127.0.0.1", False),
        ("localhost", False),
        ("127.0.0.1:1", False),
        ("evil.example", False),
        ("evil.example:PORT", False),
        ("127.0.0.1:PORT.evil.example", False),
        ("127.0.0.1.evil.example:PORT", False),
        ("localhost:PORT@evil.example", False),
        ("127.0.0.1:PORT, evil.example", False),
        ("0.0.0.0:PORT", False),
        ("", False),
    ],
)
def test_only_names_of_this_machine_are_answered(port, host, allowed):
    status, _, content = ask(port, f"{RUN}/index.html", host=host.replace("PORT", str(port)))
    assert status == (200 if allowed else 403)
    assert (b"index of" in content) is allowed


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("GET RUN/index.html HTTP/1.1\r\n\r\n", 403),
        ("GET RUN/index.html HTTP/1.0\r\n\r\n", 403),
        ("GET RUN/index.html\r\n\r\n", 403),
        ("GET RUN/index.html HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nHost: evil\r\n\r\n", 403),
        ("GET RUN/index.html HTTP/2.0\r\nHost: 127.0.0.1:PORT\r\n\r\n", 505),
        ("GET RUN/a b HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", 400),
        ("\x16\x03\x01 hello\r\n\r\n", 400),
        ("GET /" + "a" * 70_000 + " HTTP/1.1\r\n\r\n", 414),
        ("GET / HTTP/1.1\r\n" + "A: b\r\n" * 200 + "\r\n", 431),
    ],
)
def test_requests_that_cannot_be_read_are_refused(port, request_, status):
    found, headers, _ = raw(port, request_.replace("RUN", RUN).replace("PORT", str(port)))
    assert found == status
    assert headers["x-content-type-options"] == "nosniff"


def test_many_runs_have_a_list_that_shows_names_as_text(port):
    status, headers, content = ask(port, "/")
    text = content.decode()
    assert status == 200
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/4567" in text
    assert "unfinished" not in text
    assert "elsewhere" not in text
    assert "default-src 'none'" in headers["content-security-policy"]
    links = [part.partition('"')[0] for part in text.split('href="')[1:]]
    assert links == [f"/{quote(HOSTILE, safe='')}/4567/site/index.html", f"{RUN}/index.html"]
    assert all(ask(port, link)[0] == 200 for link in links)


def test_a_folder_of_a_site_leads_to_its_index(port):
    status, headers, _ = ask(port, RUN)
    assert (status, headers["location"]) == (301, f"{RUN}/")


def test_the_folder_of_a_run_or_site_begins_with_its_index(outer):
    run = outer / "reports/quickstart/0123"
    for folder, start in ((run, "/site/index.html"), (run / "site", "/index.html")):
        for port in serving(folder):
            status, headers, _ = ask(port, "/")
            assert (status, headers["location"]) == (302, start)
            assert ask(port, start)[2] == b"index of quickstart"
            assert ask(port, "/study.toml")[0] == 404
            assert ask(port, "/../study.toml")[0] == 404


def test_an_empty_folder_says_so(tmp_path):
    assert b"No report is finished here" in Sites(tmp_path).listing()


def test_a_link_put_in_the_place_of_a_page_meanwhile_is_not_followed(outer):
    site = outer / "reports/quickstart/0123/site"
    assert opened(site / "out.html") is None
    assert opened(site / "pipe.html") is None
    assert opened(site / "filters") is None


PIECES = (
    ".. . / // %2f %2e %5c \\ %00 %25 site index.html secret.html quickstart 0123 outside out.html "
    "elsewhere study.toml ~ : é site.partial making-1 .git config filters ? # ; % \ud800"
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.one_of(st.sampled_from(PIECES.split()), st.text(max_size=3)), max_size=12).map(
        "".join
    )
)
def test_whatever_is_asked_for_lies_in_a_site(outer, target):
    reports = outer / "reports"
    names = names_of("/" + target)
    found = None if names is None else Sites(reports).file(names)
    if found is None:
        return
    assert found.resolve() == found
    inside = found.relative_to(reports.resolve()).parts
    assert "site" in inside[:3]
    assert not any(part.startswith(".") for part in inside)
    assert found.read_bytes() != SECRET


@pytest.mark.parametrize("place", ["reports", "reports/run", "reports/run/site"])
def test_a_stray_index_makes_no_folder_a_site(tmp_path, place):
    reports = tmp_path / "reports"
    folder = tmp_path / place
    (folder / "activations.zarr").mkdir(parents=True)
    (folder / "activations.zarr/zarr.json").write_bytes(SECRET)
    (folder / "index.html").write_text("stray", encoding="utf-8")
    for start in {reports, folder}:
        inside = (*folder.relative_to(start).parts,)
        for with_marks in (False, True):
            if with_marks:
                marked(folder)
            assert Sites(start).file((*inside, "index.html")) is None
            assert Sites(start).file((*inside, "activations.zarr", "zarr.json")) is None
            assert list(Sites(start).found()) == []


def test_activations_deep_in_a_site_are_not_served(tmp_path):
    marked(tmp_path)
    (tmp_path / "index.html").write_text("index", encoding="utf-8")
    (tmp_path / "data/one.zarr").mkdir(parents=True)
    (tmp_path / "data/one.zarr/zarr.json").write_bytes(SECRET)
    (tmp_path / "peek.json").symlink_to("data/one.zarr/zarr.json")
    assert Sites(tmp_path).file(("index.html",)) is not None
    assert Sites(tmp_path).file(("data", "one.zarr", "zarr.json")) is None
    assert Sites(tmp_path).file(("peek.json",)) is None


def test_a_site_that_a_killed_build_took_away_is_put_back(tmp_path):
    run = tmp_path / "quickstart/0123"
    old = run / "site.partial/old"
    marked(old)
    (old / "index.html").write_text("index", encoding="utf-8")
    sites = Sites(tmp_path)
    sites.mend()
    assert list(sites.found()) == [("quickstart", "0123", "site")]
    assert not old.exists()
    (old / "index.html").parent.mkdir()
    sites.mend()
    assert old.exists()  # nothing is missing


def test_a_site_that_is_being_built_is_left_to_its_builder(tmp_path):
    folder = tmp_path / "site"
    with building(folder, lambda: "key") as place:
        old = place.root.parent / "old"
        marked(old)
        Sites(tmp_path).mend()
        assert old.exists()


@pytest.mark.parametrize("leaves", ["before it asks", "mid-load"])
def test_a_reader_who_leaves_is_not_told_of(tmp_path, leaves):
    marked(tmp_path)
    (tmp_path / "index.html").write_bytes(b"x" * (1 << 25))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        reader = socket.create_connection(("127.0.0.1", port))
        served, _ = listening.accept()

    def leave():
        if leaves == "mid-load":
            reader.recv(1000)
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        reader.close()

    with served:
        reader.sendall(f"GET /index.html HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        leaving = threading.Thread(target=leave)
        leaving.start()
        if leaves == "before it asks":
            leaving.join()
        Reader(Sites(tmp_path), served, ("127.0.0.1", 0), None)
        leaving.join()
