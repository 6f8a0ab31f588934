"""Workbooks of Excel 97 (.xls), as small as they can be: no package at hand writes them."""

import struct
from collections.abc import Sequence
from pathlib import Path

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def write_xls(
    path: Path, rows: Sequence[Sequence[str | float | None]], sheet: str = "Sheet1"
) -> None:
    """One sheet of texts and numbers, in BIFF8 records within a compound file."""
    globals_ = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    name = struct.pack("<BB", len(sheet), 0) + sheet.encode("latin-1")
    start = len(globals_) + 4 + 6 + len(name) + 4
    globals_ += _record(0x0085, struct.pack("<IBB", start, 0, 0) + name) + _record(0x000A, b"")
    cells = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    for at, row in enumerate(rows):
        for col, cell in enumerate(row):
            place = struct.pack("<HHH", at, col, 0)
            if isinstance(cell, str):
                text = struct.pack("<HB", len(cell), 0) + cell.encode("latin-1")
                cells += _record(0x0204, place + text)
            elif cell is not None:
                cells += _record(0x0203, place + struct.pack("<d", cell))
    path.write_bytes(_compound(globals_ + cells + _record(0x000A, b"")))


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _compound(stream: bytes) -> bytes:
    """A compound file of one stream, `Workbook`: header, one table of sectors, one directory."""
    stream = stream.ljust(4096, b"\0")  # smaller ones would go into a table of their own
    count = -(-len(stream) // _SECTOR)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIIII", 0, 1, 1, 0, 4096, _END, 0, _END, 0, 0)[:-4]
    header += struct.pack("<109I", 0, *[_FREE] * 108)
    table = [_FAT, _END, *range(3, 2 + count), _END]
    table += [_FREE] * (_SECTOR // 4 - len(table))
    directory = _entry("Root Entry", 5, 1, _END, 0) + _entry("Workbook", 2, _FREE, 2, len(stream))
    return (
        header
        + struct.pack(f"<{len(table)}I", *table)
        + directory.ljust(_SECTOR, b"\0")
        + stream.ljust(count * _SECTOR, b"\0")
    )


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(text), kind, 1, _FREE, _FREE, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )
