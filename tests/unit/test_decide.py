"""`broker decide`: any case explained, nothing sent, no word of the concern printed."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from broker.cli.application import application
from broker.domain.words import Category
from tests.world import DIRECTORY, example

CASE = """\
concern:
  publisher: org:ods:RZZ
  level: significant_harm
  categories: [identity, narrative, child_health, sensitive_health]
known:
  subject: {birth_date: 2017-03-09}
  relationships:
    - {organisation: "org:ods:Y99999", role: gp, kind: registered, until: 2026-12-01T00:00Z}
statements:
  - type: consent.recorded
    made: 2026-11-01T09:00Z
    by: {organisation: "org:ods:RZZ", person: Nurse}
    directive:
      kind: information_agreement
      state: given
      giver: {person: mother, capacity: pr_holder}
      scope: {categories: [identity], recipients: ["role:gp"], purpose: "*"}
      valid: {from: 2026-11-01T09:00Z}
at: 2026-11-24T09:00Z
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    file = tmp_path / "case.yaml"
    file.write_text(CASE, encoding="utf-8")
    return file


def decide(*words: str | Path) -> Result:
    told = ["decide", "--directory", str(DIRECTORY), *map(str, words)]
    return CliRunner().invoke(application(), told)


def as_json(*words: str | Path) -> dict[str, Any]:
    done = decide(*words, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_candidate_is_explained_for_every_category(case: Path) -> None:
    told = as_json("--concern", case)
    assert told["at"] == "2026-11-24T09:00:00+00:00"
    assert told["note"] is None
    assert [each["role"] for each in told["recipients"]] == [
        "gp",
        "mash_screener",
        "police_protection",
    ]
    for each in told["recipients"]:
        assert list(each["categories"]) == [category.value for category in Category]
        for cell in each["categories"].values():
            assert cell["permits"] or cell["forbids"]
            assert all(policy["explain"] for policy in cell["permits"] + cell["forbids"])
            assert (cell["bases"] is None) is (cell["extent"] == "nothing")
            assert (cell["ground"] is None) is (cell["extent"] in {"summary", "full"})


def test_the_agreement_that_counted_is_named_with_its_state(case: Path) -> None:
    practice = as_json("--concern", case, "--as", "gp")["recipients"][0]
    identity, narrative = (practice["categories"][each] for each in ("identity", "narrative"))
    assert (identity["extent"], identity["consent"]) == ("full", "given")
    assert identity["directive"]["state"] == "given"
    assert identity["bases"]["confidence"] == "conf_agreement"
    assert (narrative["extent"], narrative["directive"]) == ("nothing", None)
    assert practice["claims"] == ["identity.summary", "identity.full"]
    assert practice["good_until"] == "2026-12-01T00:00:00+00:00"


def test_the_single_fact_that_would_change_it_is_given_with_from_and_to(case: Path) -> None:
    practice = as_json("--concern", case, "--as", "gp")["recipients"][0]
    confirmed = [each for each in practice["would_change"] if each["fact"] == "level_state"]
    assert confirmed[0]["words"] == "if the level were confirmed"
    assert confirmed[0]["extents"]["child_health"] == {"from": "nothing", "to": "full"}


def test_what_is_blind_is_not_named_among_what_is_held(case: Path) -> None:
    police = as_json("--concern", case, "--as", "police_protection")["recipients"][0]
    assert police["categories"]["sensitive_health"]["extent"] == "existence"
    assert (police["held"], police["more_is_held"]) == ([], True)


def test_at_sets_the_instant_for_relationships_and_statements(case: Path) -> None:
    later = as_json("--concern", case, "--at", "2026-12-01T00:00Z")
    assert "gp" not in {each["role"] for each in later["recipients"]}
    earlier = as_json("--concern", case, "--at", "2026-10-31T00:00Z", "--as", "gp")
    assert earlier["recipients"][0]["categories"]["identity"]["extent"] == "nothing"


def test_nobody_of_a_role_is_decided_as_if_related_and_that_is_said(case: Path) -> None:
    told = as_json("--concern", case, "--as", "designated_safeguarding_lead")
    assert "nobody is a candidate as designated_safeguarding_lead" in told["note"]
    (school,) = told["recipients"]
    assert school["hypothetical"]
    assert school["why"].startswith("as if ")


def test_a_role_that_nobody_has_is_told_nothing_and_reads_as_a_sentence(case: Path) -> None:
    done = decide("--concern", case, "--as", "unscheduled_care")
    assert done.exit_code == 0
    assert "told nothing: no_basis" in done.stdout
    assert "if an override named somebody as unscheduled care and everything" in done.stdout


def test_in_words_it_says_extent_policy_bases_and_what_would_change(case: Path) -> None:
    said = decide("--concern", case).stdout
    assert "St Mary's Hospital says: significant_harm, proposed; the child is certain" in said
    assert "gp, Culver Street Practice (org:ods:Y99999): registered" in said
    assert "by matrix-early_help-gp-full-agreed: " in said
    assert "if the level were confirmed: " in said
    assert "child_health nothing → full" in said


@pytest.mark.parametrize("way", [(), ("--json",)])
def test_no_word_of_the_concern_is_printed(tmp_path: Path, way: tuple[str, ...]) -> None:
    file = tmp_path / "concern.json"
    whole = example("school-concern")
    file.write_text(json.dumps(whole), encoding="utf-8")
    done = decide("--concern", file, *way)
    assert done.exit_code == 0
    for word in ("Mara", "Fennick", "Craig", "Tannery", "jumper", "K999200124001", "2017"):
        assert word not in done.output
    assert whole["id"] in done.output or not way


def test_doubt_about_the_child_is_said(case: Path) -> None:
    case.write_text(CASE.replace("known:\n", "known:\n  match: needs_person\n"), encoding="utf-8")
    assert "the child is not certain" in decide("--concern", case).stdout
    told = as_json("--concern", case)
    assert {each["child_certain"] for each in told["recipients"]} == {False}
    assert "gp" not in {each["role"] for each in told["recipients"]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("significant_harm", "dire"), "case.yaml:3: concern.level"),
        (
            ("state: given", "state: maybe"),
            "case.yaml:10: statements.0: /fact/directive/state: enum",
        ),
    ],
)
def test_what_is_wrong_is_misuse_and_named(case: Path, change: tuple[str, str], says: str) -> None:
    case.write_text(CASE.replace(*change, 1), encoding="utf-8")
    done = decide("--concern", case)
    assert done.exit_code == 2
    assert says in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("instant", ["yesterday", "2026-11-24T09:00"])
def test_an_instant_without_a_place_is_misuse(case: Path, instant: str) -> None:
    done = decide("--concern", case, "--at", instant)
    assert done.exit_code == 2
    assert "write" in done.stderr


def test_a_file_that_is_not_there_is_misuse(tmp_path: Path) -> None:
    done = decide("--concern", tmp_path / "none.json")
    assert done.exit_code == 2
    assert "No such file" in done.stderr


def test_the_example_that_the_documentation_shows_is_decided() -> None:
    example_case = Path(__file__).parents[2] / "docs/examples/case.yaml"
    told = as_json("--concern", example_case)
    extents = {
        each["role"]: each["categories"]["child_health"]["extent"] for each in told["recipients"]
    }
    assert extents == {
        "gp": "full",
        "designated_safeguarding_lead": "nothing",
        "mash_screener": "summary",
    }
    assert {each["level_state"] for each in told["recipients"]} == {"confirmed"}
    later = as_json("--concern", example_case, "--at", "2027-05-07T09:00Z", "--as", "gp")
    assert later["recipients"][0]["categories"]["child_health"]["extent"] == "nothing"
