"""Prints JSON: what the site of a run takes to make, weighs, and takes to open in Chromium.

    python benchmarks/report.py reports/quickstart/<id>     # a run; nothing in it is touched
    python benchmarks/report.py --synthetic 26560           # a run of so many made-up filters

Each build is a process of its own. `peak_mb_together` is the most memory that it and its workers
held at once, pages that they share counted once (PSS, asked for five times a second).
Other work on the machine spoils the seconds; `busy` tells how much there was.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from made_up import associations_of, write_store

from facsinterp.activations.store import ActivationStore
from facsinterp.association.table import Associations
from facsinterp.evidence.dead import dead_filters
from facsinterp.report.parts import Report
from facsinterp.report.site import write_site

_SETTLED: Final = 5000  # ms in which the figure near the view is drawn, so that searching is all
_EVERYONE: Final = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
_LOADED: Final = re.compile(
    r"""(?:(?:href|src)="?|url\()([^\s"'#?:>)]+\.(?:css|js|webp|png|svg))(?=["\s>)])"""
)
# Pictures far below are read when somebody comes near them, and some are placed by a script.
_EVERY: Final = "document.querySelectorAll('img').forEach((image) => { image.loading = 'eager'; })"
# When the table of all filters has rows, and how long its first sort by a number takes.
_WATCH: Final = """
new MutationObserver((_, watch) => {
  if (document.querySelector("#listing tbody tr")) {
    window.listed = performance.now();
    watch.disconnect();
  }
}).observe(document, {childList: true, subtree: true});
"""
_SORT: Final = """
async () => {
  const head = [...document.querySelectorAll("#listing thead th")]
    .find((one) => one.textContent.includes("AUROC"));
  const before = document.querySelector("#listing tbody").textContent;
  const start = performance.now();
  (head.querySelector("button") || head).click();
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const changed = document.querySelector("#listing tbody").textContent !== before;
  return [performance.now() - start, changed];
}
"""
# How long until the rows, or the cards, of what was asked for are drawn.
_DRAWN: Final = """
const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
const until = async (asks) => { while (!asks()) await drawn(); };
"""
_SEARCH: Final = (
    "async () => {"
    + _DRAWN
    + """
  const shown = document.getElementById("shown").textContent;
  const start = performance.now();
  const field = document.getElementById("search");
  field.value = "lip";
  field.dispatchEvent(new Event("input", {bubbles: true}));
  await until(() => document.getElementById("shown").textContent !== shown);
  await drawn();
  return performance.now() - start;
}
"""
)
_UNIT: Final = (
    "async () => {"
    + _DRAWN
    + """
  const field = document.getElementById("unit");
  if (!field || field.options.length < 2) return NaN;
  const start = performance.now();
  field.selectedIndex = 1;
  field.dispatchEvent(new Event("change", {bubbles: true}));
  await drawn();
  return performance.now() - start;
}
"""
)


def main() -> None:
    """Measure one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--synthetic", type=int, metavar="FILTERS")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--site", type=Path, help="weigh and open a site that is there")
    parser.add_argument("--build", nargs=2, metavar=("RUN", "WORKERS"), help=argparse.SUPPRESS)
    parser.add_argument("--make", nargs=2, metavar=("RUN", "FILTERS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.build:
        build(Path(asked.build[0]), int(asked.build[1]))
    elif asked.make:
        make(Path(asked.make[0]), int(asked.make[1]))
    elif asked.site:
        print(json.dumps(weight(asked.site) | opened(asked.site), indent=2))
    elif asked.run is None and asked.synthetic is None:
        parser.error("name a run, or --synthetic FILTERS")
    else:
        with tempfile.TemporaryDirectory() as folder:
            run = prepared(asked, Path(folder))
            print(json.dumps(measured(run, asked.workers), indent=2))


def prepared(asked: argparse.Namespace, folder: Path) -> Path:
    """A run whose site may be written."""
    if asked.run is not None:
        return beside(asked.run.resolve(), folder)
    run = folder / "made-up"
    child("--make", str(run), str(asked.synthetic))
    return run


def beside(run: Path, folder: Path) -> Path:
    """Links to all that the run's reports hold, with a place of its own for the site."""
    study, reports = run.parent, run.parent.parent
    place = folder / "reports" / study.name / run.name
    place.mkdir(parents=True)
    for original, copy, but in (
        (reports, place.parent.parent, study.name),
        (study, place.parent, run.name),
        (run, place, "site"),
    ):
        for one in original.iterdir():
            if one.name != but and not one.name.startswith("site."):
                (copy / one.name).symlink_to(one)
    return place


def measured(run: Path, workers: list[int]) -> dict[str, Any]:
    """Builds with each number of workers from nothing, then the last one again, then the site."""
    found: dict[str, Any] = {}
    for count in workers:
        shutil.rmtree(run / "site", ignore_errors=True)
        told = child("--build", str(run), str(count))
        found |= {f"{name}_{count}": value for name, value in told.items()}
    told = child("--build", str(run), str(workers[-1]))
    found["build_seconds_unchanged"] = told["build_seconds"]
    site = run / "site"
    return found | weight(site) | opened(site) | {"busy": round(os.getloadavg()[0], 2)}


def child(*arguments: str) -> dict[str, Any]:
    """What another process of this file prints."""
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def make(run: Path, filters: int) -> None:
    """A made-up run of so many filters."""
    run.mkdir()
    store = write_store(run / "activations.zarr", filters)
    associations_of(store).save(run / "associations.zarr")
    print(json.dumps({"made": filters}))


def build(run: Path, workers: int) -> None:
    """Build a site in this process and its workers."""
    start = time.perf_counter()
    most = Together()
    if run.name == "made-up":
        store = ActivationStore.open(run / "activations.zarr")
        table = Associations.open(run / "associations.zarr")
        dead = dead_filters(store)
        report = Report("Made up", "How?", "made-up", store, associations=table, dead=dead)
        write_site(report, run / "site", workers=workers)
    else:
        from facsinterp.study import publish

        setattr(publish, "write_site", partial(write_site, workers=workers))  # noqa: B010
        publish.publish(run)
    told = {
        "build_seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(sum(sum(resource.getrusage(who)[:2]) for who in _EVERYONE), 1),
        "peak_mb_builder": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        **most.stop(),
    }
    print(json.dumps(told))


class Together:
    """Asks how much memory this process and those that it started hold, until told to stop."""

    def __init__(self) -> None:
        self._most = self._largest = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> dict[str, int]:
        """The most at one time, of one started process and of all, in MB."""
        self._ended.set()
        self._thread.join()
        return {"peak_mb_worker": self._largest // 1024, "peak_mb_together": self._most // 1024}

    def _watch(self) -> None:
        while not self._ended.wait(0.2):
            own, *others = _family(os.getpid())
            self._most = max(self._most, sum(_held(one, "Pss") for one in (own, *others)))
            # Of a started process ru_maxrss tells what the one that started it held.
            self._largest = max([self._largest, *(_held(one, "Rss") for one in others)])


def _family(process: int) -> list[int]:
    found = [process]
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for one in (task / "children").read_text().split():
                found += _family(int(one))
    return found


def _held(process: int, name: str) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    return 0


def weight(site: Path) -> dict[str, Any]:
    """Bytes of the site by folder, and the filter page whose HTML names the most to load."""
    files = {path: path.stat().st_size for path in site.rglob("*") if path.is_file()}
    folders: dict[str, int] = {}
    for path, size in files.items():
        inside = path.relative_to(site)
        name = inside.parts[0] if len(inside.parts) > 1 else "."
        folders[name] = folders.get(name, 0) + size
    pages = sorted((site / "filters").glob("*.html"))
    loads = {page: files[page] + sum(files[one] for one in _loaded(page)) for page in pages}
    heaviest = max(pages, key=loads.__getitem__)
    return {
        "site_mb": round(sum(files.values()) / 1e6, 2),
        "files": len(files),
        "kb_by_folder": {name: round(size / 1e3, 1) for name, size in sorted(folders.items())},
        "filter_html_kb_mean": round(statistics.mean(files[page] for page in pages) / 1e3, 1),
        "filter_page_kb_largest": round(loads[heaviest] / 1e3, 1),
        "filter_page_largest": heaviest.name,
    }


def _loaded(page: Path) -> set[Path]:
    names = _LOADED.findall(page.read_text(encoding="utf-8"))
    return {(page.parent / name).resolve() for name in names}


def opened(site: Path) -> dict[str, Any]:
    """Milliseconds of the first page, the largest layer and the heaviest filter page, medians
    of five openings."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        return {"chromium": "none"}
    heaviest = f"filters/{weight(site)['filter_page_largest']}"
    largest = max((site / "layers").glob("*.html"), key=lambda page: page.stat().st_size)
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        index = [_visit(browser, site, "index.html", wrong) for _ in range(5)]
        page = [_visit(browser, site, heaviest, wrong) for _ in range(5)]
        layer = [_visit(browser, site, f"layers/{largest.name}", wrong) for _ in range(5)]
        browser.close()
    return {
        "index_first_paint_ms": _median(index, "paint"),
        "index_listing_ms": _median(index, "listed"),
        "index_sort_ms": _median(index, "sort"),
        "index_search_ms": _median(index, "search"),
        "layer_page_largest": largest.name,
        "layer_first_paint_ms": _median(layer, "paint"),
        "layer_ready_ms": _median(layer, "ready"),
        "layer_unit_ms": _median(layer, "unit"),
        "filter_first_paint_ms": _median(page, "paint"),
        "filter_page_kb_with_all_it_loads": _median(page, "kb"),
        "console_errors_or_requests_outside": sorted(set(wrong)),
    }


def _median(visits: list[dict[str, float]], name: str) -> float:
    return round(statistics.median(visit[name] for visit in visits), 1)


def _visit(browser: Any, site: Path, address: str, wrong: list[str]) -> dict[str, float]:
    context = browser.new_context(offline=True, viewport={"width": 1300, "height": 900})
    page = context.new_page()
    page.on("console", lambda told: wrong.extend([told.text][told.type != "error" :]))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    inside = site.resolve().as_uri() + "/"
    own = (inside, "data:", "blob:")
    page.on("request", lambda asked: wrong.extend([asked.url][asked.url.startswith(own) :]))
    asked_for: set[str] = set()
    page.on("request", lambda asked: asked_for.update([asked.url][: asked.url.startswith(inside)]))
    page.add_init_script(_WATCH)
    page.goto(inside + address)
    paint = "performance.getEntriesByName('first-contentful-paint')"
    _wait(page, f"{paint}.length > 0")
    found = {"paint": page.evaluate(f"{paint}[0].startTime")}
    if address == "index.html":
        _wait(page, "window.listed > 0")
        found["listed"] = page.evaluate("window.listed")
        found["sort"], changed = page.evaluate(_SORT)
        if not changed:
            wrong.append("sorting changed nothing")
        page.wait_for_timeout(_SETTLED)
        found["search"] = page.evaluate(_SEARCH)
    if address.startswith("layers/"):
        _wait(page, "!document.getElementById('tools').hidden")
        found["ready"] = page.evaluate("performance.now()")
        found["unit"] = page.evaluate(_UNIT)
    page.evaluate(_EVERY)
    page.wait_for_load_state("networkidle")
    found["kb"] = sum(Path(unquote(urlsplit(one).path)).stat().st_size for one in asked_for) / 1e3
    context.close()
    return found


def _wait(page: Any, asks: str) -> None:
    # What Playwright itself waits with compiles text, which the policy of the pages forbids.
    while not page.evaluate(asks):
        page.wait_for_timeout(10)


if __name__ == "__main__":
    main()
