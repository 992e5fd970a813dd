"""
What a question can say: the closed lists of the Cedar schema, read from Cedar's own rendering of it
(comments gone, one form for each declaration). A declaration of any other form is refused, since
what is compiled would then not be all that Cedar knows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import cedarpy

from broker.errors import PolicySetInvalid

TRUE, FALSE = "true", "false"
_LISTS = re.compile(r'entity (\w+) enum \[("\w+"(?:, "\w+")*)\]')
_PRINCIPAL = re.compile(r"entity (\w+) in \[(\w+(?:, \w+)*)\]")
_QUESTION = re.compile(r"type (\w+) = \{\n((?:  \w+: \w+,?\n)+)\}")
_ACTION = re.compile(
    r'action "(\w+)" appliesTo \{\n'
    r"  principal: \[(\w+)\],\n  resource: \[(\w+)\],\n  context: (\w+)\n\}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Every closed list of a schema."""

    principal: str  # the type of a recipient
    groups: Mapping[str, tuple[str, ...]]  # what a recipient is one of: roles, agencies
    resource: str
    categories: tuple[str, ...]
    actions: tuple[str, ...]
    kinds: Mapping[str, str]  # of each fact of the question: the name of its list, or Bool
    facts: Mapping[str, tuple[str, ...]]  # each fact with all its values


def vocabulary(schema: str) -> Vocabulary:
    """Raises PolicySetInvalid with the declaration that is not understood."""
    lists: dict[str, tuple[str, ...]] = {}
    principals: dict[str, tuple[str, ...]] = {}
    questions: dict[str, dict[str, str]] = {}
    actions: dict[str, tuple[str, ...]] = {}
    for written in _declarations(schema):
        if found := _LISTS.fullmatch(written):
            lists[found[1]] = tuple(re.findall(r'"(\w+)"', found[2]))
        elif found := _PRINCIPAL.fullmatch(written):
            principals[found[1]] = tuple(found[2].split(", "))
        elif found := _QUESTION.fullmatch(written):
            questions[found[1]] = dict(re.findall(r"(\w+): (\w+)", found[2]))
        elif found := _ACTION.fullmatch(written):
            actions[found[1]] = found.groups()[1:]
        else:
            raise _refused(f"{written}: write enums, one recipient in enums, one type of Booleans")
    if len(principals) != 1 or len(questions) != 1 or not actions:
        raise _refused("write one recipient, one type for the question, and the actions")
    ((principal, groups),) = principals.items()
    ((question, kinds),) = questions.items()
    resources = {resource for _, resource, _ in actions.values()}
    unlisted = {*groups, *resources, *kinds.values()} - lists.keys() - {"Bool"}
    asked = {(principal, resource, question) for resource in resources}
    if "Bool" in lists or unlisted or len(resources) != 1 or set(actions.values()) != asked:
        raise _refused(f"write an enum for {sorted(unlisted) or 'one resource of all actions'}")
    (resource,) = resources
    return Vocabulary(
        principal=principal,
        groups={name: lists[name] for name in groups},
        resource=resource,
        categories=lists[resource],
        actions=tuple(sorted(actions)),
        kinds=kinds,
        facts={name: _values(kind, lists) for name, kind in kinds.items()},
    )


def _declarations(schema: str) -> list[str]:
    try:
        rendered = str(cedarpy.Schema.from_str(schema))
    except ValueError as error:
        raise _refused(str(error)) from None
    return [each.strip() for each in rendered.split(";") if each.strip()]


def _values(kind: str, lists: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return (FALSE, TRUE) if kind == "Bool" else lists[kind]


def _refused(why: str) -> PolicySetInvalid:
    return PolicySetInvalid("policies_do_not_compile", f"schema: {why}")
