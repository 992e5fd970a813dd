"""
What a recipient is told, as text that a person reads and a program reads back with nothing changed.

Systems that know no structure of ours (an HL7 v2 document, a cell of a sheet, a FHIR payload) are
given one line for each fact, `abuse[0]: PHY`, and the words last, as they were written.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from broker.errors import Malformed

WORDS = "words"
_STEP = re.compile(
    r"""(?P<quoted>"(?:[^"\\]|\\.)*")|\[(?P<index>[0-9]+)\]|(?P<name>[A-Za-z0-9_-]+)"""
)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN_TEXT = re.compile(
    r"[^\s\"\[{\x00-\x1f\x7f]([^\x00-\x1f\x7f\u0085\u2028\u2029]*[^\s\x00-\x1f\x7f])?"
)
_HEADING = "== {} =="
_DEEPEST = 16


def lines_of(value: Mapping[str, Any]) -> str:
    """One line a fact, `path: value`. An empty mapping gives no line."""
    return "\n".join(f"{path}: {_text_of(leaf)}" for path, leaf in _leaves(value, ""))


def value_from(lines: str) -> dict[str, Any]:
    """What `lines_of` was given. Raises Malformed."""
    made: dict[str, Any] = {}
    for line in lines.split("\n") if lines else []:
        steps, written = _split(line)
        _place(made, steps, _leaf_from(written))
    return made


def text_of(parts: Mapping[str, Mapping[str, Any]]) -> str:
    """
    Several parts as one text, each under its heading; the words of the last that has some stand at
    the very end, byte for byte.
    """
    worded = [name for name, part in parts.items() if isinstance(part.get(WORDS), str)]
    last = worded[-1] if worded else None
    written = []
    for name, part in parts.items():
        kept = {key: each for key, each in part.items() if not (name == last and key == WORDS)}
        written.append(f"{_HEADING.format(name)}\n{lines_of(kept)}".rstrip("\n"))
    if last is not None:
        written.append(f"{_HEADING.format(f'{last} {WORDS}')}\n{parts[last][WORDS]}")
    return "\n".join(written)


def parts_from(text: str) -> dict[str, dict[str, Any]]:
    """What `text_of` was given. Raises Malformed."""
    made: dict[str, dict[str, Any]] = {}
    rest = text
    while rest:
        heading, _, rest = rest.partition("\n")
        found = re.fullmatch(r"== (?P<name>\S+)(?P<words> words)? ==", heading)
        if found is None:
            raise Malformed("not_this_format", "a heading")
        if found["words"]:
            made.setdefault(found["name"], {})[WORDS] = rest
            return made
        lines, begins = _until_heading(rest)
        made[found["name"]] = value_from(lines)
        rest = rest[begins:]
    return made


def _until_heading(text: str) -> tuple[str, int]:
    """(the lines of this part, where the next heading begins): no fact begins with `== `."""
    if text.startswith("== "):
        return "", 0
    at = text.find("\n== ")
    return (text, len(text)) if at < 0 else (text[:at], at + 1)


def by_category(claims: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Claims `<category>.<part>` by category, the summary before the full."""
    made: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name in sorted(claims, key=lambda each: (each.partition(".")[0], each.endswith(".full"))):
        category, _, part = name.partition(".")
        made.setdefault(category, {})[part] = claims[name]
    return made


def cell(text: str) -> str:
    """Text as a cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_BEGIN_FORMULA) else text


def from_cell(text: str) -> str:
    """What `cell` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_BEGIN_FORMULA) else text


_BEGIN_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and (value or path):
        if not value:
            yield path, value
        for name, each in value.items():
            step = name if _PLAIN_NAME.fullmatch(name) else json.dumps(name)
            yield from _leaves(each, f"{path}.{step}" if path else step)
    elif isinstance(value, list) and value:
        for number, each in enumerate(value):
            yield from _leaves(each, f"{path}[{number}]")
    elif path:
        yield path, value


def _text_of(leaf: Any) -> str:
    """A string as it is where nothing else reads like it; all else as JSON."""
    if isinstance(leaf, str) and _PLAIN_TEXT.fullmatch(leaf) and not _is_scalar(leaf):
        return leaf
    return json.dumps(dict(leaf) if isinstance(leaf, Mapping) else leaf)


def _is_scalar(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _leaf_from(written: str) -> Any:
    try:
        return json.loads(written)
    except ValueError:
        return written
    except RecursionError:
        raise Malformed("too_deep", "a line") from None


def _unquoted(written: str) -> str:
    try:
        return str(json.loads(written))
    except ValueError:
        raise Malformed("not_this_format", "a name in quotes") from None


def _split(line: str) -> tuple[list[str | int], str]:
    steps: list[str | int] = []
    at = 0
    while True:
        found = _STEP.match(line, at)
        if found is None or len(steps) > _DEEPEST:
            raise Malformed("not_this_format", "a line")
        quoted, index = found["quoted"], found["index"]
        steps.append(
            _unquoted(quoted) if quoted else int(index) if index is not None else found["name"]
        )
        at = found.end()
        if line.startswith(": ", at):
            return steps, line[at + 2 :]
        at += line.startswith(".", at)


def _place(made: dict[str, Any], steps: list[str | int], leaf: Any) -> None:
    here: Any = made
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        empty: Any = leaf if following is None else [] if isinstance(following, int) else {}
        if isinstance(here, list) and isinstance(step, int) and step == len(here):
            here.append(empty)
        elif isinstance(here, dict) and isinstance(step, str):
            here.setdefault(step, empty)
        elif not isinstance(here, list) or not isinstance(step, int) or step > len(here):
            raise Malformed("not_this_format", "a line out of its order")
        here = here[step]
