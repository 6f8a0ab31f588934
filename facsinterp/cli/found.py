"""What `data check` prints: an inventory as text, aligned and in order, for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from facsinterp import facs
from facsinterp.amounts import amount
from facsinterp.faces.inventory import Inventory, PictureCounts, Split

SHOWN: Final = 20
"""Files, reasons, warnings or groups of copies that the text names; JSON has all."""
_OF_A_GROUP: Final = 4
_WIDTH: Final = 96
_LEFT: Final = 12  # where what belongs to a heading begins


def told(title: str, found: Inventory) -> str:
    """An inventory as text for people."""
    blocks = [
        [title, *block("layout", found.layout)],
        list(_taken(found)),
        list(_compared(found)),
        list(_units(found)),
        list(_splits(found.splits)),
        [] if found.pictures is None else list(_pictures(found.pictures)),
        list(_left_out(found)),
        list(_warnings(found.warnings)),
        list(_terms(found)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def block(head: str, text: str) -> Iterator[str]:
    """A heading, and beside it a text that is wrapped; nothing without a text."""
    if text:
        yield textwrap.fill(
            text,
            _WIDTH,
            initial_indent=f"{head:<{_LEFT}}",
            subsequent_indent=" " * _LEFT,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows whose first column stands left and whose others stand right, each as wide as needed."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join([f"{first:<{widths[0]}}", *cells]).rstrip()


def _taken(found: Inventory) -> Iterator[str]:
    faces = amount(found.faces, "face")
    of = f" of {amount(found.subjects, 'subject')}" if found.subjects else ""
    inside = f" in {amount(found.sequences, 'sequence')}" if found.sequences else ""
    some = f"of {found.without_subject:,} " if found.without_subject < found.faces else ""
    unknown = f"; {some}it is not known whose they are"
    yield from block("taken", f"{faces}{of}{inside}{unknown if found.without_subject else ''}")
    words = [f"{word or 'without one'} {n:,}" for word, n in found.expressions.items()]
    yield from block("expressions", ", ".join(words) or "none")
    if found.unlabelled:
        faces = amount(found.unlabelled, "face")
        yield from block("unlabelled", f"{faces} with neither an expression nor a code")


def _compared(found: Inventory) -> Iterator[str]:
    """What the loader counted beside what was published."""
    names = list(dict.fromkeys([*found.counts, *found.published]))
    if not names:
        return
    rows: list[tuple[str, ...]] = [
        ("in the folder", "found", *(["published", ""] if found.published else []))
    ]
    for name in names:
        got, expected = found.counts.get(name), found.published.get(name)
        row: tuple[str, ...] = (f"  {name}", "-" if got is None else f"{got:,}")
        if found.published:
            differs = "differs" if expected is not None and got != expected else ""
            row = (*row, "" if expected is None else f"{expected:,}", differs)
        rows.append(row)
    yield from _table(rows)


def _units(found: Inventory) -> Iterator[str]:
    heads = ("action unit", "coded", "present", "scored", "sequences", "subjects")
    rows = [
        (
            f"  {facs.describe(one.unit)}",
            *(f"{n:,}" for n in (one.coded, one.present, one.scored, one.sequences, one.subjects)),
        )
        for one in found.units
    ]
    if rows:
        yield from _table([heads, *rows])
    else:
        yield "action unit   none is coded"


def _splits(splits: Sequence[Split]) -> Iterator[str]:
    """The parts of each split, and what stands on two sides."""
    if not splits:
        return
    parts = [p for p in ("train", "validation", "test") if any(p in c.sizes for c in splits)]
    looked = any(one.copies is not None for one in splits)
    crossed = ["subjects on 2 sides", *(["copies on 2 sides"] if looked else [])]
    rows = [("split", *parts, *crossed)]
    for one in splits:
        sizes = [f"{one.sizes.get(part, 0):,}" for part in parts]
        copies = [f"{one.copies or 0:,}"] if looked else []
        rows.append((f"  {one.name}", *sizes, f"{one.subjects:,}", *copies))
    yield from _table(rows)
    for one in splits:
        told = [f"{n:,} of {part}" for part, n in one.seen.items() if n]
        if told:
            yield f"  {one.name}: {' and '.join(told)} stand in train as well, equal in every pixel"


def _pictures(seen: PictureCounts) -> Iterator[str]:
    yield from block("pictures", f"{amount(seen.read, 'picture')} opened")
    yield from block("sizes", _most(seen.sizes))
    yield from block("kinds", _most(seen.modes))
    if seen.unreadable:
        yield from block("unreadable", f"{amount(len(seen.unreadable), 'picture')}:")
        yield from _few([f"{path}: {reason}" for path, reason in seen.unreadable])
    if seen.plain:
        yield from block("plain", f"{amount(len(seen.plain), 'picture')} of one brightness:")
        yield from _few(seen.plain)
    groups = (
        f"{amount(seen.copies, 'group')} of {amount(seen.copied, 'picture')}, equal in every pixel"
    )
    yield from block("copies", groups if seen.copies else "none")
    for what, same in (
        ("expressions", seen.other_expressions),
        ("subjects", seen.other_subjects),
    ):
        if same:
            yield f"  {amount(len(same), 'group')} with different {what}:"
            yield from _few([_together(group) for group in same])


def _together(group: Sequence[str]) -> str:
    """A group of copies by name: `a = b = c and 4 more`."""
    more = f" and {len(group) - _OF_A_GROUP:,} more" if len(group) > _OF_A_GROUP else ""
    return " = ".join(group[:_OF_A_GROUP]) + more


def _most(counts: Mapping[str, int]) -> str:
    """The commonest of what was counted: `48 x 48 (1,308)`."""
    words = [f"{what} ({n:,})" for what, n in counts.items()]
    more = f", and {amount(len(words) - SHOWN, 'other')}" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + more


def _few(names: Sequence[str], most: int = SHOWN, of: int = 0) -> Iterator[str]:
    """The first of some names, and how many more there are of `of`, or of the names."""
    yield from (f"    {name}" for name in names[:most])
    more = max(of, len(names)) - len(names[:most])
    if more:
        yield f"    and {more:,} more"


def _left_out(found: Inventory) -> Iterator[str]:
    """Files that were left out under their reasons, the commonest first."""
    reasons = found.reasons
    if not reasons:
        yield from block("left out", "nothing")
        return
    yield from block(
        "left out", amount(sum(found.left_out.values()), "file or row", "files or rows")
    )
    each = max(1, SHOWN // len(reasons))
    for reason, paths in list(reasons.items())[:SHOWN]:
        yield f"  {found.left_out[reason]:,}: {reason}"
        yield from _few(sorted(paths), each, found.left_out[reason])
    if len(reasons) > SHOWN:
        yield f"  and {amount(len(reasons) - SHOWN, 'more reason')}"


def _warnings(warnings: Sequence[str]) -> Iterator[str]:
    for warning in warnings[:SHOWN]:
        yield from block("warning", warning)
    if len(warnings) > SHOWN:
        yield f"and {amount(len(warnings) - SHOWN, 'more warning')}"


def _terms(found: Inventory) -> Iterator[str]:
    terms = found.terms
    yield from block("terms", ": ".join(one for one in (terms.source, terms.text) if one))
    of = f" of {amount(terms.subjects_hidden, 'subject')}" if terms.subjects_hidden else ""
    left = f"; {amount(terms.faces_hidden, 'face')}{of} will be in no picture of a report"
    yield from block("shown", f"{terms.who} may be{left if terms.faces_hidden else ''}")
    may = "may be" if terms.redistributable else "may not be, nor a report that shows any"
    yield from block("passed on", f"pictures {may}")
