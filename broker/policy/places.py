"""
Where something wrong stands: file and line, so that a policy author need not look for it.

Cedar's errors carry no position. A policy's place in the set (`policy3`) and the words that an
error quotes give the line; a YAML file gives it by the marks of its node tree.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import cedarpy
import yaml
from pydantic import ValidationError

from broker.errors import PolicySetInvalid

_PART = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|;|[^";/]+|["/]')
_QUOTED = re.compile(r"`([^`]+)`|: (\S+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong. `reason` is the short word of a PolicySetInvalid."""

    reason: str
    file: str
    line: int | None  # from 1; None: of no line, as a file that is missing
    says: str  # and what to write instead

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.says}" if self.line else f"{self.file}: {self.says}"


def refused(reason: str, found: Sequence[Finding]) -> PolicySetInvalid:
    """All of it in one error, a line each."""
    return PolicySetInvalid(reason, "\n".join(map(str, found)), found=found)


@dataclass(frozen=True, slots=True)
class Statement:
    """One policy of a file as written, with its annotations; `line` is where it begins."""

    line: int
    text: str


def statements(text: str) -> list[Statement]:
    """The policies of a Cedar text in order, so that the n-th is what Cedar calls `policy<n>`."""
    found, written, line = [], "", 1
    for part in _PART.findall(text):
        written += part
        if part == ";":
            found.append(_statement(written, line))
            line += written.count("\n")
            written = ""
    if _statement(written, line).text:
        found.append(_statement(written, line))
    return found


def _statement(written: str, line: int) -> Statement:
    """Without the blank lines and comments before it."""
    lines = written.split("\n")
    while lines and (not lines[0].strip() or lines[0].lstrip().startswith("//")):
        del lines[0]
        line += 1
    return Statement(line, "\n".join(lines).strip())


def line_of_policy(text: str, place: str, about: str = "") -> int:
    """Of the policy that Cedar calls `place`; where `about` quotes a word of it, that word's."""
    listed = statements(text)
    number = int(place.removeprefix("policy"))
    return _line_in(listed[number], about) if number < len(listed) else 1


def line_of_id(text: str, policy: str) -> int | None:
    """Where a text writes this @id; None if it does not."""
    for number, line in enumerate(text.split("\n"), start=1):
        if f'@id("{policy}")' in line:
            return number
    return None


def line_of_fault(text: str, about: str) -> int:
    """Of a text that Cedar cannot parse: in its first policy that fails alone."""
    for statement in statements(text):
        try:
            cedarpy.PolicySet.from_str(statement.text)
        except ValueError:
            return _line_in(statement, about)
    return 1


def _line_in(statement: Statement, about: str) -> int:
    """The line of the first word quoted that the policy holds once; else where it begins."""
    lines = statement.text.split("\n")
    for pair in _QUOTED.findall(about):
        word = pair[0] or pair[1]
        held = [number for number, line in enumerate(lines) if word in line]
        if len(held) == 1:
            return statement.line + held[0]
    return statement.line


def line_in_yaml(text: str, place: Sequence[int | str]) -> int | None:
    """
    Of the value at `place`, as pydantic gives it: keys and indexes from the top. A key that is
    missing has the line of what it is missing from; a key too many has its own.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return mark.line + 1 if mark is not None else None
    if node is None:
        return 1
    line = node.start_mark.line + 1
    for step in place:
        found = _step(node, step)
        if found is None:
            continue  # the name of a form that was tried, which stands in no file
        line, node = found
    return line


def faults_in_yaml(
    reason: str, file: str, text: str, error: yaml.YAMLError | ValidationError
) -> list[Finding]:
    """What is wrong with a file that cannot be read, or that says what is not known."""
    if isinstance(error, yaml.YAMLError):
        problem = getattr(error, "problem", None) or type(error).__name__
        line = line_in_yaml(text, ())
        return [Finding(reason=reason, file=file, line=line, says=f"no YAML: {problem}")]
    return [
        Finding(
            reason=reason,
            file=file,
            line=line_in_yaml(text, each["loc"]),
            says=f"{_named(each['loc'])}{_shown(each['input'])}{each['msg']}",
        )
        for each in error.errors()
    ]


def _named(place: Sequence[int | str]) -> str:
    return f"{'.'.join(map(str, place))}: " if place else ""


def _shown(written: object) -> str:
    """What stands there, if it is one word: a whole entry would hide what is wrong with it."""
    return "" if isinstance(written, dict | list) else f"{written!r}: "


def _step(node: yaml.Node, step: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark.line + 1, item
    return None


def line_in_json(text: str, error: Exception) -> int:
    """Of a JSON file that does not parse, or that holds a word that the error quotes."""
    if isinstance(error, json.JSONDecodeError):
        return error.lineno
    quoted = re.findall(r"'([^']+)'", str(error))
    for word in (*quoted, *re.findall(r"\w+", str(error))):
        for number, line in enumerate(text.split("\n"), start=1):
            if f'"{word}"' in line:
                return number
    return 1
