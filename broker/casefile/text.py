"""
A case file as text: YAML or JSON, read strictly, and errors that say where.

YAML 1.1 reads `no` as false and a bare date as a date; here both stay the words that were written,
as in JSON, so that a whole concern may be written in either.
"""

import re
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from broker.errors import Malformed

Shape = TypeVar("Shape", bound=BaseModel)
_MOST_BYTES = 1024 * 1024
_YAML = "tag:yaml.org,2002:"
_TRUTH = (f"{_YAML}bool", re.compile(r"^(?:true|false)$"))
_KEPT = {f"{_YAML}{kind}" for kind in ("int", "float", "null")}


class _Loader(yaml.SafeLoader):
    """YAML's own words for numbers and null, JSON's for true and false, and no key twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own name and shape
        first: [
            *(
                each
                for each in yaml.SafeLoader.yaml_implicit_resolvers.get(first, ())
                if each[0] in _KEPT
            ),
            *([_TRUTH] if first in {"t", "f"} else []),
        ]
        for first in {*yaml.SafeLoader.yaml_implicit_resolvers, "t", "f"}
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise yaml.YAMLError(f"line {line}: {key.value} stands here twice: write it once")
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def text_of(file: Path) -> str:
    """The file's text. Raises Malformed."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(_MOST_BYTES + 1)
        if len(raw) > _MOST_BYTES:
            raise Malformed("case_file", f"{file}: larger than 1 MiB")
        return raw.decode("utf-8")
    except OSError as error:
        raise Malformed("case_file", f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Malformed("case_file", f"{file}: write it as UTF-8") from None


def value_in(text: str, name: str) -> dict[str, Any]:
    """The one object that the text holds. Raises Malformed, naming the line."""
    try:
        found = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader, and stricter
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise Malformed("case_file", f"{name}: {_briefly(error)}") from None
    if not isinstance(found, dict):
        raise Malformed("case_file", f"{name}: write an object, with keys and values")
    return found


def _briefly(error: Exception) -> str:
    """Where YAML stopped reading, without the line itself: a concern may stand there."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f"line {mark.line + 1}: {getattr(error, 'problem', '')}"
    return str(error) if type(error) is yaml.YAMLError else type(error).__name__


def one_of_lines(text: str, name: str) -> str:
    """Of what `broker read` printed, one object a line, the one that holds a concern."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) <= 1 or not all(line.startswith("{") for line in lines):
        return text
    held = [line for line in lines if value_in(line, name).get("outcome") == "notification"]
    if len(held) != 1:
        raise Malformed("case_file", f"{name}: holds {len(held)} concerns: keep the line of one")
    return held[0]


def shaped(
    kind: type[Shape], value: object, text: str, name: str, under: tuple[str, ...] = ()
) -> Shape:
    """The value as `kind`. Raises Malformed: file, line, place, what to write; never the value."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        wrong = [
            f"{name}:{line_of(text, steps)}: {place(steps)}{each['msg']}"
            for each in error.errors()
            for steps in ((*under, *each["loc"]),)
        ]
        raise Malformed("case_file", "\n".join(dict.fromkeys(wrong))) from None


def place(steps: Sequence[int | str]) -> str:
    return f"{'.'.join(map(str, steps))}: " if steps else ""


def line_of(text: str, steps: Sequence[int | str]) -> int:
    """The line of a place in the text, or of the nearest place around it that exists."""
    node = yaml.compose(text, _Loader)
    for step in steps:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            inside = {key.value: value for key, value in node.value}
            node = inside.get(str(step), node)
    return node.start_mark.line + 1 if node is not None else 1
