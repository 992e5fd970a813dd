"""
The policies as one bundle: read, validated and linted as a whole, or not at all.

Anything wrong raises PolicySetInvalid, which says in which file and what to write instead.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import cedarpy
import yaml

from broker.domain.decision import AreaDuty, GatewayRule
from broker.domain.ids import PolicyVersion
from broker.domain.known import Rules
from broker.domain.words import (
    Agency,
    Category,
    ConsentState,
    Gateway,
    Level,
    RelationshipKind,
    Role,
)
from broker.errors import PolicySetInvalid

RUNS = {
    "permit": (
        ("tell_existence",),
        ("tell_existence", "tell_summary"),
        ("tell_existence", "tell_summary", "tell_full"),
    ),
    "forbid": (
        ("tell_full",),
        ("tell_summary", "tell_full"),
        ("tell_existence", "tell_summary", "tell_full"),
    ),
}
DUTIES = frozenset(
    {
        "before_next_school_day",
        "before_next_working_day",
        "review_by_another_person",
        "route_to_deputy",
        "speak_before_acting",
        "tell_safeguarding_lead",
    }
)
_LONGEST_SENTENCE = 160
_DATA = ("levels.yaml", "routing.yaml", "gateways.yaml", "consent.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRules:
    """levels.yaml: which level of a concern counts for a role."""

    as_proposed: frozenset[Role]
    otherwise_at_most: Level
    necessity_states: frozenset[ConsentState]
    jurisdiction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One policy set: its text, its sentences, its rules as data, and the hash of all of it."""

    version: PolicyVersion
    schema: str = field(repr=False)
    text: str = field(repr=False)
    sentences: Mapping[str, str] = field(repr=False)  # policy id: what a caseworker reads
    duties: Mapping[str, frozenset[str]] = field(repr=False)
    levels: LevelRules
    rules: Rules = field(repr=False)
    blind: frozenset[Category]


def packaged() -> Traversable:
    """The policies that ship with the broker."""
    return files("policies")


def read_bundle(folder: Path | None = None) -> Bundle:
    """The bundle in `folder`, else the one that ships. Raises PolicySetInvalid."""
    root: Traversable = folder or packaged()
    schema = _text(root.joinpath("schema.cedarschema"))
    cedar = dict(_cedar_files(root, ""))
    data = {name: _text(root.joinpath(name)) for name in _DATA}
    text = "\n".join(cedar[name] for name in sorted(cedar))
    _validate(text, schema)
    for name, written in cedar.items():
        _lint(name, written)
    annotated = _annotations(text)
    _lint_whole(annotated)
    levels, rules, blind = _rules({name: _yaml(name, data[name]) for name in _DATA})
    return Bundle(
        version=_version({"schema.cedarschema": schema, **cedar, **data}),
        schema=schema,
        text=text,
        sentences={each["id"]: each["explain"] for each in annotated},
        duties={
            each["id"]: frozenset(each["duty"].split()) for each in annotated if "duty" in each
        },
        levels=levels,
        rules=rules,
        blind=blind,
    )


def _text(file: Traversable) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError) as error:
        raise PolicySetInvalid("policy_file", f"{file}: {type(error).__name__}") from None


def _cedar_files(folder: Traversable, under: str) -> Iterator[tuple[str, str]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _cedar_files(each, f"{under}{each.name}/")
        elif each.name.endswith(".cedar"):
            yield under + each.name, _text(each)


def _version(written: Mapping[str, str]) -> PolicyVersion:
    digest = hashlib.sha256()
    for name in sorted(written):
        for part in (name.encode(), written[name].encode()):
            digest.update(len(part).to_bytes(8, "big") + part)
    return PolicyVersion(digest.hexdigest())


def _validate(text: str, schema: str) -> None:
    checked = cedarpy.validate_policies(text, schema)
    if not checked.validation_passed:
        raise PolicySetInvalid("policies_do_not_validate", "; ".join(map(str, checked.errors)))


_ANNOTATION = re.compile(r'@(\w+)\("((?:[^"\\]|\\.)*)"\)')
_POLICY = re.compile(r"((?:@\w+\(\"(?:[^\"\\]|\\.)*\"\)\s*)*)\b(permit|forbid)\s*\(([^;]*);")
_ACTION = re.compile(r'Action::"(\w+)"')


def _policies(text: str) -> Iterator[tuple[dict[str, str], str, str]]:
    """(annotations, effect, the rest) of each policy."""
    without_comments = re.sub(r"(?m)^\s*//.*$", "", text)
    for found in _POLICY.finditer(without_comments):
        yield dict(_ANNOTATION.findall(found[1])), found[2], found[3]


def _annotations(text: str) -> list[dict[str, str]]:
    return [annotations for annotations, _, _ in _policies(text)]


def _lint(name: str, text: str) -> None:
    """What Cedar allows and this project does not, each with what to write instead."""
    for annotations, effect, rest in _policies(text):
        policy = annotations.get("id", f"a {effect} without @id")
        for wanted in ("id", "basis", "explain"):
            if wanted not in annotations:
                raise PolicySetInvalid("policy_lint", f"{name}: {policy}: write @{wanted}(...)")
        if len(annotations["explain"]) > _LONGEST_SENTENCE:
            raise PolicySetInvalid(
                "policy_lint", f"{name}: {policy}: @explain in {_LONGEST_SENTENCE} characters"
            )
        scope = rest.partition("when")[0].partition("unless")[0]
        if tuple(_ACTION.findall(scope)) not in RUNS[effect]:
            instead = " or ".join(str(list(run)) for run in RUNS[effect])
            raise PolicySetInvalid(
                "policy_lint", f"{name}: {policy}: list the actions of a {effect} as {instead}"
            )
        unknown = set(annotations.get("duty", "").split()) - DUTIES
        if unknown:
            raise PolicySetInvalid("policy_lint", f"{name}: {policy}: unknown duty {unknown}")
        if "Recipient::" in rest:
            raise PolicySetInvalid(
                "policy_lint", f"{name}: {policy}: name a role or an agency, never a recipient"
            )


def _lint_whole(annotated: list[dict[str, str]]) -> None:
    repeated = [
        name for name, times in Counter(each["id"] for each in annotated).items() if times > 1
    ]
    if repeated:
        raise PolicySetInvalid("policy_lint", f"@id used twice: {', '.join(repeated)}")


def _yaml(name: str, text: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PolicySetInvalid("policy_file", f"{name}: {error}") from None


def _rules(data: Mapping[str, object]) -> tuple[LevelRules, Rules, frozenset[Category]]:
    try:
        return _made(data)
    except (KeyError, TypeError, ValueError) as error:
        raise PolicySetInvalid("policy_file", f"{', '.join(_DATA)}: {error}") from None


def _made(data: Mapping[str, object]) -> tuple[LevelRules, Rules, frozenset[Category]]:
    levels: dict[str, list[str] | str] = data["levels.yaml"]  # type: ignore[assignment]
    routing: dict[str, object] = data["routing.yaml"]  # type: ignore[assignment]
    consent: dict[str, list[str] | str] = data["consent.yaml"]  # type: ignore[assignment]
    gateways: list[dict[str, object]] = data["gateways.yaml"]  # type: ignore[assignment]
    duties: list[dict[str, str]] = routing["area_duties"]  # type: ignore[assignment]
    stated_by: dict[str, object] = routing["relationships_stated_by"]  # type: ignore[assignment]
    must_see: dict[str, object] = routing["must_see"]  # type: ignore[assignment]
    rules = Rules(
        area_duties=[
            AreaDuty(
                role=Role(duty["role"]),
                from_level=Level(duty["from_level"]),
                with_open_case_from=Level(duty["with_open_case_from"]),
            )
            for duty in duties
        ],
        gateways=[_gateway(rule) for rule in gateways],
        agreement_counts_for=_categories(consent["agreement_counts_for"]),
        refusal_counts_for=_categories(consent["refusal_counts_for"]),
        agreed_states=frozenset(map(ConsentState, consent["agreed_states"])),
        refused_states=frozenset(map(ConsentState, consent["refused_states"])),
        allowed_by_right=frozenset(map(Agency, _list(routing["allowed_by_right"]))),
        stated_by={
            RelationshipKind(kind): frozenset(map(Agency, _list(agencies)))
            for kind, agencies in stated_by.items()
        },
        must_see_roles=frozenset(map(Role, _list(must_see["roles"]))),
        must_see_from=Level(must_see["from_level"]),
    )
    level_rules = LevelRules(
        as_proposed=frozenset(map(Role, levels["as_proposed"])),
        otherwise_at_most=Level(levels["otherwise_at_most"]),
        necessity_states=frozenset(map(ConsentState, levels["necessity_states"])),
        jurisdiction=str(levels["jurisdiction"]),
    )
    return level_rules, rules, _categories(routing["blind"])


def _gateway(rule: Mapping[str, object]) -> GatewayRule:
    return GatewayRule(
        gateway=Gateway(str(rule["gateway"])),
        publisher=Agency(str(rule["publisher"])),
        roles=frozenset(map(Role, _list(rule["roles"]))),
        relationships=frozenset(map(RelationshipKind, _list(rule["relationships"]))),
        claim=str(rule["claim"]) if "claim" in rule else None,
        equals=frozenset(_list(rule.get("equals", []))),
    )


def _list(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError(f"a list, not {value!r}")
    return [str(each) for each in value]


def _categories(value: object) -> frozenset[Category]:
    return frozenset(Category) if value == "all" else frozenset(map(Category, _list(value)))
