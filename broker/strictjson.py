"""
JSON from outside, read strictly: the same bytes mean the same to every reader (SECURITY.md 6).

Refused: what is not UTF-8, a byte order mark, duplicate keys, NaN, Infinity and numbers that
overflow into it, NUL, lone surrogates, more than 32 levels. The standard library alone accepts
most of these.
"""

import json
import math
import re
from typing import NoReturn

from broker.domain.notification import Json
from broker.errors import Malformed

DEEPEST = 32
MOST_BYTES = 1024 * 1024

# Possessive, and the closing quote may be missing: one pass whatever the bytes. A pattern that
# fails at an unclosed string and begins again at the next quote takes quadratic time (measured:
# 2 s for 16 kB).
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


def read(data: bytes | str, *, most_bytes: int = MOST_BYTES) -> Json:
    """
    The value. Raises Malformed: too_large, bad_encoding, too_deep, duplicate_keys,
    not_this_format.
    """
    if len(data) > most_bytes:
        raise Malformed("too_large", "JSON")
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if raw.startswith(b"\xef\xbb\xbf"):
        raise Malformed("bad_encoding", "byte order mark")
    _check_depth(raw)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("bad_encoding", "not UTF-8") from None
    try:
        value: Json = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float
        )
    except (ValueError, RecursionError):
        raise Malformed("not_this_format", "not JSON") from None
    if "\\u" in text:
        _check_escaped(value)
    return value


def _check_depth(raw: bytes) -> None:
    """Counted outside strings before parsing, so that no parser meets the nesting."""
    if raw.count(b"[") + raw.count(b"{") <= DEEPEST:
        return
    depth = 0
    for byte in _STRING.sub(b"", raw):
        if byte in b"[{":
            depth += 1
            if depth > DEEPEST:
                raise Malformed("too_deep", f"more than {DEEPEST} levels")
        elif byte in b"]}":
            depth -= 1


def _check_escaped(value: Json) -> None:
    """What an escape can bring in that no text should hold."""
    if isinstance(value, str):
        if "\x00" in value:
            raise Malformed("bad_encoding", "NUL")
        if _SURROGATE.search(value):
            raise Malformed("bad_encoding", "lone surrogate")
    elif isinstance(value, list):
        for each in value:
            _check_escaped(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            _check_escaped(name)
            _check_escaped(each)


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("duplicate_keys")
    return found


def _constant(name: str) -> NoReturn:
    raise Malformed("not_this_format", name)


def _float(digits: str) -> float:
    """`1e999` is a number in JSON and infinity in Python, which could not be written again."""
    number = float(digits)
    if math.isinf(number):
        raise Malformed("not_this_format", "a number too large")
    return number
