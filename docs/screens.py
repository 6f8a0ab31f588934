"""Pictures of each kind of page of a run's site, for the README: `python docs/screens.py RUN`.

They are made in Chromium without a network and written to docs/screens/ as WebP. The run should be
of drawn faces: no face of a data set may be shown here.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

OUT: Final = Path(__file__).parent / "screens"
DRAWN: Final = 1500
"""Milliseconds that a page with a figure gets to draw it."""


@dataclass(frozen=True)
class Screen:
    """One picture: which page, how it is looked at, and where."""

    name: str
    address: str
    width: int = 1200
    height: int = 900
    dark: bool = False
    at: str = ""
    """What is scrolled to the top of the picture, as a selector."""


def screens(site: Path) -> tuple[Screen, ...]:
    """Of every kind of page; a filter, a unit and a face that have something to show."""
    filters = sorted((site / "filters").glob("conv3-*.html"), key=_told)[-1].name
    face = sorted((site / "faces").glob("*.html"))[8].name
    return (
        Screen("index", "index.html", height=1480),
        Screen("units-by-layer", "index.html", at="h2:has-text('Which units')"),
        Screen("layer", "layers/conv3.html", at="h2:text-is('Its filters')"),
        Screen("filter", f"filters/{filters}", height=1150),
        Screen("filter-numbers", f"filters/{filters}", at="#chart"),
        Screen("unit", "units/au12.html", height=1150),
        Screen("dose", "units/au12.html", height=520, at="h2:has-text('Does the answer grow')"),
        Screen("units", "units.html"),
        Screen("face", f"faces/{face}", height=760),
        Screen("faces", "faces.html"),
        Screen("dead", "dead.html"),
        Screen("experiment", "experiment.html"),
        Screen("data", "data.html"),
        Screen("methods", "methods.html"),
        Screen("telephone", f"filters/{filters}", 390, 844, dark=True),
        Screen("dark", "index.html", height=1150, dark=True),
    )


def _told(page: Path) -> tuple[bool, int]:
    """Whether the verdict on the filter is "beyond the emotion", and how much the page says."""
    text = page.read_text(encoding="utf-8")
    verdict = re.search(r"kind-(\w+)", text)
    return verdict is not None and verdict[1] == "beyond", len(text)


def taken(browser: Browser, site: Path, screen: Screen) -> bytes:
    """The picture as PNG."""
    context = browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        color_scheme="dark" if screen.dark else "light",
        offline=True,
    )
    page = context.new_page()
    page.goto((site / screen.address).as_uri())
    page.wait_for_timeout(DRAWN)
    if screen.at:
        for _ in range(2):  # the first time, what was out of sight gets its true height
            page.locator(screen.at).first.evaluate("place => place.scrollIntoView()")
            page.wait_for_timeout(DRAWN)
    picture = page.screenshot()
    context.close()
    return picture


def main(run: Path) -> None:
    """Take all pictures of the site of `run`."""
    site = run / "site"
    OUT.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for screen in screens(site):
            with Image.open(io.BytesIO(taken(browser, site, screen))) as picture:
                picture.convert("RGB").save(OUT / f"{screen.name}.webp", quality=72, method=6)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
