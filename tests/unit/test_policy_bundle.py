"""A policy set with a mistake does not start, and says where the mistake is and what to write."""

import re
import shutil
from collections.abc import Iterable
from enum import Enum
from importlib.resources import files
from pathlib import Path

import pytest

from broker.domain.words import Agency, Category, Extent, Gateway, Level, RelationshipKind, Role
from broker.errors import PolicySetInvalid
from broker.policy import read_bundle

ALL_THREE = 'Action::"tell_existence", Action::"tell_summary", Action::"tell_full"'
SEALED = "restrictions/sealed.cedar"
CONFLICT = "restrictions/conflict-of-interest.cedar"
OVERRIDE = "overrides/break-glass.cedar"
ENCOMPASS = "gateways/operation-encompass.cedar"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copied = tmp_path / "policies"
    shutil.copytree(str(files("policies")), copied)
    return copied


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        (SEALED, "context.sealed", "context.seeled", "forbid-sealed.*seeled.*schema"),
        (SEALED, "forbid (", "forbidden (", "sealed.cedar"),
        (
            "restrictions/sensitive-health.cedar",
            'Level::"significant_harm"',
            'Level::"significant_harms"',
            "significant_harms",
        ),
        (ENCOMPASS, 'Role::"designated', 'Role::"dedicated', "dedicated_safeguarding_lead"),
        (ENCOMPASS, 'Category::"identity"', 'Category::"identty"', "identty"),
        (SEALED, 'Action::"tell_full"', 'Action::"tell_fully"', "tell_fully"),
    ],
)
def test_a_misspelt_word_stops_the_start(
    folder: Path, file: str, before: str, after: str, said: str
) -> None:
    change(folder / file, before, after)
    with pytest.raises(PolicySetInvalid) as refused:
        read_bundle(folder)
    assert refused.value.reason == "policies_do_not_validate"
    assert file in refused.value.detail
    assert re.search(said, refused.value.detail, re.DOTALL)


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        (SEALED, '@id("forbid-sealed")', "", "write @id"),
        (SEALED, "@basis(", "@bases(", "write @basis"),
        (SEALED, '@explain("', '@explain("' + "very " * 40, "at most 160"),
        (CONFLICT, "forbid-conflict-of-interest", "forbid-sealed", "used twice"),
        (CONFLICT, "forbid-conflict-of-interest", "no-conflicts", "precedence.yaml"),
        (CONFLICT, "route_to_deputy", "ask_around", "unknown duty ask_around: write one of"),
        (CONFLICT, "@duty", "@dutty", "@dutty is not known"),
        (OVERRIDE, ALL_THREE, 'Action::"tell_full"', "list the actions of a permit as"),
        (SEALED, ALL_THREE, 'Action::"tell_existence"', "list the actions of a forbid as"),
        (SEALED, f"action in [{ALL_THREE}]", "action", "list the actions of a forbid as"),
        (
            OVERRIDE,
            "principal,",
            'principal == Recipient::"mash_screener of health",',
            "never a recipient",
        ),
        (ENCOMPASS, 'principal in Role::"designated_safeguarding_lead"', "principal", "a role"),
        (ENCOMPASS, 'Gateway::"operation_encompass"', 'Consent::"given"', "write Gateway"),
        (
            SEALED,
            "context.sealed",
            "9223372036854775807 + 1 > 0",
            "could fail: write comparisons",
        ),
        (SEALED, "context.sealed", "if context.sealed then true else false", "could fail"),
    ],
)
def test_a_policy_that_could_surprise_stops_the_start(
    folder: Path, file: str, before: str, after: str, said: str
) -> None:
    change(folder / file, before, after)
    with pytest.raises(PolicySetInvalid) as refused:
        read_bundle(folder)
    assert refused.value.reason == "policy_lint"
    assert file in refused.value.detail
    assert said in refused.value.detail


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        ("levels.yaml", "early_help", "early_halp", "early_halp"),
        ("levels.yaml", "otherwise_at_most:", "otherwise:", "otherwise_at_most"),
        ("routing.yaml", "from_level: early_help", "from_levle: early_help", "from_levle"),
        ("gateways.yaml", "  claim:", "  clame:", "clame"),
        ("gateways.yaml", "  equals: [domestic_abuse]\n", "", "claim and equals together"),
        ("gateways.yaml", "police_incident.summary", "police_incidents.summary", "incidents"),
        ("consent.yaml", "refusal_counts_for: all", "refusal_counts_for: everything", "everything"),
        ("consent.yaml", "agreed_states: [given]", "agreed_states: [given", "consent.yaml"),
    ],
)
def test_a_rule_with_a_mistake_stops_the_start(
    folder: Path, file: str, before: str, after: str, said: str
) -> None:
    change(folder / file, before, after)
    with pytest.raises(PolicySetInvalid) as refused:
        read_bundle(folder)
    assert refused.value.reason == "policy_file"
    assert file in refused.value.detail
    assert said in refused.value.detail


def test_a_template_is_refused_since_it_could_name_anybody(folder: Path) -> None:
    change(folder / OVERRIDE, "principal,", "principal in ?principal,")
    with pytest.raises(PolicySetInvalid, match="write no template"):
        read_bundle(folder)


def test_a_file_that_is_missing_stops_the_start(folder: Path) -> None:
    (folder / "consent.yaml").unlink()
    with pytest.raises(PolicySetInvalid, match=r"consent\.yaml"):
        read_bundle(folder)


def test_no_folder_at_all_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(PolicySetInvalid, match="policy_file"):
        read_bundle(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        (SEALED, "A sealed concern", "Any sealed concern"),
        ("levels.yaml", "early_help", "child_in_need"),
        ("gateways.yaml", "[domestic_abuse]", "[domestic_abuse, assault]"),
    ],
)
def test_whatever_an_answer_depends_on_changes_the_version(
    folder: Path, file: str, before: str, after: str
) -> None:
    version = read_bundle(folder).version
    assert version == read_bundle().version
    assert re.fullmatch("[0-9a-f]{64}", version)
    change(folder / file, before, after)
    assert read_bundle(folder).version != version


def test_the_lists_of_the_schema_are_the_words_of_the_domain() -> None:
    schema = files("policies").joinpath("schema.cedarschema").read_text()
    lists = {
        name: re.findall(r'"(\w+)"', listed)
        for name, listed in re.findall(r"entity (\w+) enum \[(.*?)\]", schema, re.DOTALL)
    }
    assert lists == {
        "Role": words(Role),
        "Agency": words(Agency),
        "Category": words(Category),
        "Level": words(Level),
        "Relationship": words(RelationshipKind),
        "Gateway": words(Gateway),
        "Consent": ["none", "given", "refused"],
    }
    told = [word for word in words(Extent) if word != Extent.NOTHING.value]
    assert "action " + ", ".join(f"tell_{word}" for word in told) in schema


def words(closed: Iterable[Enum]) -> list[object]:
    return [word.value for word in closed]
