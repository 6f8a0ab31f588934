"""The table of all filters as the browser reads it: codes written out as texts."""

import json
from dataclasses import dataclass

from facsinterp.report.pages.coded import _BASE, _LETTERS


@dataclass(frozen=True)
class Column:
    texts: tuple[str, ...]
    codes: tuple[int, ...]
    known: int
    """Codes from this one on have no key: they come last whichever way the rows are sorted."""

    @property
    def keyless(self):
        return tuple(code >= self.known for code in self.codes)


def numbers(code, texts):
    """What one packed text of codes says."""
    letters = 1
    while _BASE**letters < texts:
        letters += 1
    found = []
    for start in range(0, len(code), letters):
        value = 0
        for letter in code[start : start + letters]:
            value = value * _BASE + _LETTERS.index(letter)
        found.append(value)
    return tuple(found)


def column(part):
    codes = numbers(part["code"], len(part["text"]))
    return Column(tuple(part["text"][code] for code in codes), codes, part["known"])


def content(path, name):
    text = path.read_text(encoding="utf-8")
    return json.loads(text.removeprefix(f"window.{name} = ").removesuffix(";\n"))


class Listing:
    """`data/filters.js` of a site."""

    def __init__(self, site):
        self.data = content(site / "data/filters.js", "facsinterpFilters")
        self.names, self.hrefs = [], []
        for place, first, size in self.data["runs"]:
            layer, file = self.data["layers"][place]
            for channel in range(first, first + size):
                self.names.append(f"{layer}/{channel:03d}")
                self.hrefs.append(f"filters/{file}-{channel:03d}.html")
        self.verdict = column(self.data["verdict"])
        self.kinds = [self.data["verdict"]["kind"][code] for code in self.verdict.codes]
        self.dead = [self.data["verdict"]["dead"][code] for code in self.verdict.codes]
        self.passing = column(self.data["passing"]) if self.data["passing"] else None

    @property
    def titles(self):
        return [one["title"] for one in self.data["columns"]]

    def column(self, title):
        """Texts of all parts of a column; codes of the first, by which it is sorted."""
        found = next(one for one in self.data["columns"] if one["title"] == title)
        parts = [column(part) for part in found["parts"]]
        texts = tuple("".join(texts) for texts in zip(*(part.texts for part in parts), strict=True))
        return Column(texts, parts[0].codes, parts[0].known)
