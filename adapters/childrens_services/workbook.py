"""
A workbook from outside, read for its stored values: no formula is evaluated, no link is followed.

An .xlsx is a zip of XML: what it would unpack to, and any document type in it, is looked at before
it is opened (SECURITY.md 6).
"""

import io
import struct
import zipfile
import zlib
from typing import Any

import openpyxl

from broker.errors import Malformed

MOST_BYTES = 10 * 1024 * 1024
_MOST_ENTRIES, _MOST_UNPACKED, _MOST_RATIO = 500, 100 * 1024 * 1024, 200
_SMALL = 64 * 1024  # below it a ratio says nothing
MOST_ROWS, _MOST_COLUMNS = 20_000, 80
_CHUNK = 64 * 1024
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError,
           EOFError, struct.error, IndexError, KeyError)  # fmt: skip
"""What the standard library raises over a damaged archive."""
_NOT_WANTED = (b"<!DOCTYPE", b"<!ENTITY", "<!DOCTYPE".encode("utf-16-le"),
               "<!DOCTYPE".encode("utf-16-be"))  # fmt: skip
_LONGEST_MARK = max(map(len, _NOT_WANTED))


def is_zip(native: bytes) -> bool:
    return native.startswith(b"PK\x03\x04")


def sheets(native: bytes) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """(title, rows) of every sheet. Raises Malformed: too_large, doctype, not_this_format."""
    if len(native) > MOST_BYTES:
        raise Malformed("too_large", "workbook")
    _check(native)
    try:
        book = openpyxl.load_workbook(
            io.BytesIO(native), read_only=True, data_only=True, keep_links=False
        )
        found = [(str(each.title), _rows(each)) for each in book.worksheets]
        book.close()
    except Malformed:
        raise
    except Exception as fault:  # openpyxl raises whatever it meets in a damaged workbook
        raise Malformed("not_this_format", f"workbook: {type(fault).__name__}") from None
    return found


def _rows(sheet: Any) -> list[tuple[Any, ...]]:
    """A sheet may claim a million rows: what it claims is not believed."""
    sheet.reset_dimensions()
    rows = []
    for row in sheet.iter_rows(values_only=True, max_row=MOST_ROWS + 1, max_col=_MOST_COLUMNS):
        if any(cell not in (None, "") for cell in row):
            rows.append(tuple(row))
    if len(rows) > MOST_ROWS:
        raise Malformed("too_large", "rows")
    return rows


def _check(native: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(native)) as archive:
            entries = archive.infolist()
            unpacked = sum(each.file_size for each in entries)
            if len(entries) > _MOST_ENTRIES or unpacked > _MOST_UNPACKED:
                raise Malformed("too_large", "workbook unpacked")
            for each in entries:
                if each.file_size > _SMALL and each.file_size > _MOST_RATIO * each.compress_size:
                    raise Malformed("too_large", "workbook packed too tightly")
                if each.filename.endswith((".xml", ".rels")):
                    _check_entry(archive, each)
    except _BROKEN:
        raise Malformed("not_this_format", "not a workbook") from None


def _check_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    before = b""
    with archive.open(entry) as opened:
        while chunk := opened.read(_CHUNK):
            if any(mark in before + chunk for mark in _NOT_WANTED):
                raise Malformed("doctype", "workbook")
            before = chunk[-_LONGEST_MARK:]
