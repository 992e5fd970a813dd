"""Names and other short values as the schema takes them: one that does not fit is never cut."""

import re

_MOST = 100
_NAME = re.compile(r"[^\u0000-\u001f\u007f<>|{}\[\]\\]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_TAG = 35
_TELEPHONES, _TELEPHONE = 4, 30
_LINES, _LINE, _POSTCODE = 6, 120, 10

Faults = list[tuple[str, str]]
"""(field, why) of what had to be left out (FORMATS.md 2 rule 5): the field, never its value."""


def name(written: str, field: str, faults: Faults) -> str:
    """The name, or nothing and a fault."""
    plain = written.strip()
    if not plain or (len(plain) <= _MOST and _NAME.fullmatch(plain)):
        return plain
    faults.append((field, "unreadable"))
    return ""


def address(lines: list[str], postcode: str, field: str, faults: Faults) -> dict[str, object]:
    """What fits of an address, and a fault for what does not."""
    written = [line for line in lines if line.strip()]
    kept = [line for line in written if len(line) <= _LINE][:_LINES]
    code = postcode.strip() if len(postcode.strip()) <= _POSTCODE else ""
    if len(kept) < len(written) or code != postcode.strip():
        faults.append((field, "unreadable"))
    made: dict[str, object] = {"lines": kept} if kept else {}
    return {**made, "postcode": code} if code else made


def telephones(written: list[str], field: str, faults: Faults) -> list[str]:
    """The first four numbers that fit."""
    given = [number.strip() for number in written if number.strip()]
    kept = [number for number in given if len(number) <= _TELEPHONE][:_TELEPHONES]
    if len(kept) < len(given):
        faults.append((field, "unreadable"))
    return kept


def is_language(tag: str) -> bool:
    """A language tag as BCP 47 writes it, `en` or `pt-BR`."""
    return len(tag) <= _TAG and _LANGUAGE.fullmatch(tag) is not None
