"""The schemas' own promises, on the invented examples of all four agencies (FORMATS.md 1.3)."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from broker.domain.words import Category, EventType
from broker.schemas import BROKER_ONLY, before_signing, fault_in, schema

EXAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("*.example.json"))
RAISED = EventType.CONCERN_RAISED
SIX = {"who", "worry", "level", "when", "family", "reply"}
# Where each of the six things stands in the claims.
WHERE = {
    "who": "categories/identity/summary/known",
    "worry": "categories/narrative/full/words",
    "level": "level",
    "when": "categories/narrative/summary/occurred",
    "family": "family/may_be_told",
    "reply": "categories/narrative/full/reply",
}
PLACES = {"address", "postcode", "uprn", "telephone", "school", "place", "lines"}


def claims(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["data"]
    return found


def example(name: str) -> dict[str, Any]:
    return claims(next(path for path in EXAMPLES if path.name.startswith(name)))


def without(data: dict[str, Any], path: str) -> dict[str, Any]:
    left = copy.deepcopy(data)
    *steps, last = path.split("/")
    inner = left
    for step in steps:
        inner = inner[step]
    del inner[last]
    return left


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name.partition(".")[0])
def test_every_example_fits(path: Path) -> None:
    assert fault_in(RAISED, claims(path)) is None


@pytest.mark.parametrize("thing", sorted(SIX))
@pytest.mark.parametrize("name", ["school", "hospital", "police", "child-not-known"])
def test_without_any_one_of_the_six_things_a_persons_concern_does_not_fit(
    name: str, thing: str
) -> None:
    assert fault_in(RAISED, without(example(name), WHERE[thing])) is not None


def said_by_person(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "x-said-by-person" in node:
            yield node["x-said-by-person"]
        for inner in node.values():
            yield from said_by_person(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from said_by_person(inner)


def test_exactly_six_things_are_asked_of_a_person() -> None:
    asked = list(said_by_person(schema("concern.raised-1.0")))
    assert sorted(asked) == sorted(SIX)


def test_what_a_system_made_may_lack_words_and_needs_a_code() -> None:
    recorded = example("referral-recorded")
    assert fault_in(RAISED, recorded) is None
    bare = copy.deepcopy(recorded)
    for name in ("abuse", "factors", "codes"):
        bare["categories"]["narrative"]["summary"].pop(name, None)
    assert fault_in(RAISED, bare) is not None


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    name = node.get("$ref", "").removeprefix("#/$defs/")
    return schema("concern.raised-1.0")["$defs"][name] if name else node  # type: ignore[index]


def strings_in(node: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every place of a schema that takes a string, and its name."""
    node = resolved(node)
    for name, inner in node.get("properties", {}).items():
        yield from strings_in(inner, f"{path}/{name}")
    if "items" in node:
        yield from strings_in(node["items"], path)
    for inner in node.get("anyOf", []):
        if "required" not in inner:
            yield from strings_in(inner, path)
    if node.get("type") == "string":
        yield path, node


@pytest.mark.parametrize("category", Category)
def test_no_summary_takes_free_text_or_says_where_somebody_is(category: Category) -> None:
    summary = schema("concern.raised-1.0")["$defs"][f"{category.value}_summary"]  # type: ignore[index]
    for path, node in strings_in(summary, category.value):
        assert "enum" in node or "pattern" in node, path
        assert not PLACES & set(path.split("/")), path


def test_every_category_refuses_full_without_summary() -> None:
    for path in EXAMPLES:
        data = claims(path)
        for category, parts in data["categories"].items():
            if "full" in parts:
                broken = without(data, f"categories/{category}/summary")
                assert fault_in(RAISED, broken) is not None, category


def test_an_unborn_child_has_no_birth_date() -> None:
    born = copy.deepcopy(example("referral-recorded"))
    born["categories"]["identity"]["summary"]["birth_date"] = "2027-02-20"
    assert fault_in(RAISED, born) is not None


def test_an_emergency_is_immediate() -> None:
    slow = {**example("hospital"), "urgency": "same_day"}
    assert fault_in(RAISED, slow) is not None


def test_what_a_recipient_holds_may_not_hold_what_is_the_brokers_alone() -> None:
    whole = schema("concern.raised-1.0")
    held = jsonschema_rs.validator_for(
        {"$ref": "#/$defs/disclosed_claims", "$defs": whole["$defs"]}
    )
    data = example("school")
    told = {name: value for name, value in data.items() if name not in BROKER_ONLY}
    assert held.is_valid(told)
    for name in BROKER_ONLY:
        assert not held.is_valid({**told, name: data[name]})


def test_a_fault_names_the_path_and_never_the_value() -> None:
    data = copy.deepcopy(example("school"))
    data["categories"]["identity"]["summary"]["birth_date"] = "Marked"
    assert fault_in(RAISED, data) == "/categories/identity/summary/birth_date: pattern"


def test_the_claims_of_a_token_are_put_together_as_they_were_signed() -> None:
    data = example("police")
    plain = {name: data[name] for name in data if name not in {*BROKER_ONLY, "categories"}}
    apart = {name: data[name] for name in BROKER_ONLY}
    for category, parts in data["categories"].items():
        apart |= {f"{category}.{name}": part for name, part in parts.items()}
    assert before_signing(plain, apart) == data


# Facts --------------------------------------------------------------------------------------------

COMMON = {
    "iss": "org:la:999",
    "iat": 1795188067,
    "jti": "ahwlvvwrsay7shcd3zaa6p6kw3",
    "thread": "xfezbqunpak6n7vegxyqcklon7",
    "sub": "ps:-OExP1s7tkIgUukMqx45bg",
    "schema_version": "1.0",
    "agency": "childrens_services",
    "reference": "8QEF-5J9J",
    "native": {"made_by": "system", "format": "csc-json", "reference": "SCE-1"},
}
ALLOCATED = {"organisation": "org:la:999", "relationship": "allocated"}


def fact(type_of: EventType, **more: Any) -> str | None:
    return fault_in(type_of, {**COMMON, "type": type_of.value, **more})


@pytest.mark.parametrize(
    ("type_of", "more"),
    [
        (EventType.CONCERN_RETRACTED, {"reason": "entered_in_error"}),
        (EventType.CONCERN_RETRACTED, {"reason": "duplicate", "fact": {"words": "w"}}),
        (EventType.RELATIONSHIP_CHANGED, {"fact": {**ALLOCATED, "from": "2026-11-02"}}),
        (EventType.CASE_OPENED, {"fact": {"status": "looked_after"}}),
        (EventType.CASE_CLOSED, {"fact": {"status": "child_in_need", "reason": "RC8"}}),
        (EventType.IDENTITY_CHANGED, {"kind": "born", "fact": {"after": {}}}),
    ],
)
def test_each_fact_fits_its_own_shape(type_of: EventType, more: dict[str, Any]) -> None:
    assert fact(type_of, **more) is None


@pytest.mark.parametrize(
    ("type_of", "more"),
    [
        (EventType.CONCERN_RETRACTED, {}),
        (EventType.CONCERN_RETRACTED, {"reason": "changed my mind"}),
        (EventType.CONCERN_RETRACTED, {"reason": "duplicate", "categories": {"identity": {}}}),
        (EventType.RELATIONSHIP_CHANGED, {}),
        (EventType.RELATIONSHIP_CHANGED, {"fact": {"organisation": "org:la:999"}}),
        (EventType.RELATIONSHIP_CHANGED, {"fact": {**ALLOCATED, "status": "looked_after"}}),
        (EventType.RELATIONSHIP_CHANGED, {"fact": {**ALLOCATED, "words": "seen at home"}}),
        (EventType.CASE_OPENED, {"fact": {"from": "2026-11-02"}}),
        (EventType.CASE_OPENED, {"fact": {"status": "looked_after", **ALLOCATED}}),
        (EventType.CASE_OPENED, {"fact": {"status": "looked_after"}, "reason": "duplicate"}),
        (EventType.CASE_OPENED, {"fact": {"status": "x"}, "categories": {"narrative": {}}}),
        (EventType.IDENTITY_CHANGED, {"fact": {"after": {}}}),
        (EventType.IDENTITY_CHANGED, {"kind": "born"}),
        (EventType.IDENTITY_CHANGED, {"kind": "born", "fact": {"after": {"words": "w"}}}),
    ],
)
def test_a_fact_that_says_what_is_not_its_own_does_not_fit(
    type_of: EventType, more: dict[str, Any]
) -> None:
    assert fact(type_of, **more) is not None
