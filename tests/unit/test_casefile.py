"""A case file is read strictly: what it says is known; an error says where and what to write."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from broker.casefile import Case, read_case
from broker.domain.known import MatchState
from broker.domain.words import Category, ConsentState, LevelState, RelationshipKind, Role
from broker.errors import Malformed
from broker.partnership import read_partnership
from tests.unit.sharing import policies
from tests.world import DIRECTORY, HOSPITAL, NOW, example

SHORT = """\
concern:
  publisher: org:ods:RZZ
  level: significant_harm
  categories: [identity, narrative, child_health]
"""
KNOWN = """\
known:
  subject: {birth_date: 2017-03-09, area: marlhaven}
  relationships:
    - {organisation: "org:ods:Y99999", role: gp, kind: registered, until: 2027-01-01T00:00Z}
    - {organisation: "org:local:new-team", role: social_worker, kind: allocated}
  organisations:
    - id: org:local:new-team
      name: New team
      agency: childrens_services
      area: marlhaven
      roles: [social_worker]
  protected: {allow_list: ["org:la:999"]}
  cases_closed: [2026-01-01T00:00Z]
statements:
  - type: consent.recorded
    made: 2026-11-01T09:00Z
    by: {organisation: "org:ods:RZZ", person: Nurse}
    directive:
      subject: ps:somebody
      kind: information_agreement
      state: given
      giver:
        person: mother
        capacity: pr_holder
        assessed_by: null
        question: null
        void_conflict: false
      scope:
        {categories: [identity, narrative], recipients: ["role:gp"], purpose: family_support}
      valid: {from: 2026-11-01T09:00Z, until: 2027-05-01T00:00Z}
      evidence: letter
      language: en
      interpreter: false
      safety: {may_contact: "no"}
      recorded_by: Nurse
  - type: override.raised
    id: tonight
    made: 2026-11-02T09:00Z
    by: {organisation: "org:la:999", person: T, role: mash_screener}
    concern: this
    categories: [identity]
    recipients: ["org:ods:Y99999 gp"]
    otherwise: w
    alternatives: w
    family_told: w
    until: 2026-11-03T09:00Z
  - type: override.reviewed
    made: 2026-11-03T09:00Z
    recorded: 2026-11-04T09:00Z
    by: {organisation: "org:local:new-team", person: R, role: social_worker}
    concern: this
    override: tonight
    outcome: upheld
    words: w
at: 2026-11-24T09:00Z
"""


def read(tmp_path: Path, text: str, known: str | None = None, **what: Any) -> Case:
    file, other = tmp_path / "case.yaml", tmp_path / "known.yaml"
    file.write_text(text, encoding="utf-8")
    if known is not None:
        other.write_text(known, encoding="utf-8")
    return read_case(
        file,
        other if known else None,
        partnership=read_partnership(DIRECTORY),
        rules=policies().rules,
        now=NOW,
        **what,
    )


def refused(tmp_path: Path, text: str, known: str | None = None) -> str:
    with pytest.raises(Malformed) as why:
        read(tmp_path, text, known)
    return why.value.detail


def test_all_that_is_known_is_read(tmp_path: Path) -> None:
    case = read(tmp_path, SHORT + KNOWN)
    (subject,) = case.known.relationships
    practice, team = case.known.relationships[subject]
    assert (practice.role, practice.kind) == (Role.GP, RelationshipKind.REGISTERED)
    assert practice.until == datetime(2027, 1, 1, tzinfo=UTC)
    assert team.organisation in case.directory.bodies
    assert case.known.protected == {subject: frozenset({"org:la:999"})}
    assert case.known.now == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    said = case.known.sharing[subject]
    (directive,), (override,), (review,) = said.directives, said.overrides, said.reviews
    assert directive.categories == frozenset({Category.IDENTITY, Category.NARRATIVE})
    assert directive.state is ConsentState.GIVEN
    assert override.concern == case.notification.thread
    assert review.override == override.id
    assert review.recorded == datetime(2026, 11, 4, 9, 0, tzinfo=UTC)
    assert said.cases_closed == (datetime(2026, 1, 1, tzinfo=UTC),)


def test_what_is_known_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    one, two = read(tmp_path, SHORT + KNOWN), read(tmp_path, SHORT, KNOWN)
    assert (one.notification, one.known, one.match) == (two.notification, two.known, two.match)


def test_nothing_more_is_known_than_the_directory_where_no_file_says_it(tmp_path: Path) -> None:
    case = read(tmp_path, SHORT)
    assert case.match.state is MatchState.KNOWN
    assert case.known.now == NOW
    assert not any(case.known.relationships.values())


def test_at_beats_the_files(tmp_path: Path) -> None:
    instant = datetime(2026, 12, 1, tzinfo=UTC)
    assert read(tmp_path, SHORT + KNOWN, at=instant).known.now == instant


@pytest.mark.parametrize("form", ["envelope", "data", "line", "lines", "concern"])
def test_a_whole_concern_is_read_in_every_form_that_it_is_printed_in(
    tmp_path: Path, form: str
) -> None:
    whole = example("school-concern")
    line = json.dumps(
        {"file": "x", "outcome": "notification", "reason": None, "notification": whole}
    )
    nothing = json.dumps({"file": "x", "outcome": "nothing", "notification": None})
    text = {
        "envelope": json.dumps(whole, indent=1),
        "data": json.dumps(whole["data"]),
        "line": line,
        "lines": f"{nothing}\n{line}\n",
        "concern": json.dumps({"concern": whole}),
    }[form]
    found = read(tmp_path, text).notification
    assert found.id == whole["id"]
    assert "narrative.full" in found.claims


def test_words_of_yaml_stay_as_written(tmp_path: Path) -> None:
    """`no` is no falsehood, and a date no date: as in JSON."""
    text = SHORT + "  routing: {purpose: family_support}\n  handling: [do_not_contact_family]\n"
    case = read(
        tmp_path,
        text.replace(
            "[identity, narrative, child_health]",
            """
    identity: {summary: {known: identified, birth_date: 2017-03-09}}
    narrative: null
    childs_voice: {summary: {heard: no, occurred: 2026-11-20}}""",
        ),
    )
    voice = case.notification.claims["childs_voice.summary"]
    assert voice == {"heard": "no", "occurred": "2026-11-20"}


def test_what_a_publisher_may_not_confirm_is_still_as_it_wrote(tmp_path: Path) -> None:
    case = read(tmp_path, SHORT + "  level_state: confirmed\n")
    assert case.notification.level_state is LevelState.CONFIRMED
    assert case.notification.publisher == HOSPITAL


def test_a_void_conflict_is_about_the_person(tmp_path: Path) -> None:
    case = read(tmp_path, SHORT + KNOWN.replace("void_conflict: false", "void_conflict: true"))
    (said,) = case.known.sharing.values()
    assert [each.person for each in said.sources_of_harm] == ["mother"]


def test_nothing_of_a_case_shows_in_its_repr(tmp_path: Path) -> None:
    case = read(tmp_path, json.dumps(example("school-concern")))
    assert "Fennick" not in repr(case)
    assert "Craig" not in repr(replace(case))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("level: significant_harm", "level: dire"), "case.yaml:3: concern.level: "),
        (("categories:", "categorys:"), "case.yaml:4: concern.categorys: Extra inputs"),
        (("narrative, ", ""), "write narrative under categories"),
        (("org:ods:RZZ", "org:ods:NONE"), "case.yaml:2: org:ods:NONE is not in the directory"),
        (("kind: registered", "kind: friend"), "known.relationships.0.kind: "),
        (("until: 2027-01-01T00:00Z", "until: 2027-01-01T00:00"), "relationships.0.until: "),
        (("until: 2027-01-01", "untill: 2027-01-01"), "known.relationships.0.untill: Extra"),
        (('["org:la:999"]', '["org:la:000"]'), "org:la:000 is not in the directory"),
        (("consent.recorded", "case.closed"), "statements.0.type: "),
        (("state: given", "state: maybe"), "/fact/directive/state: enum"),
        (("purpose: family_support}", "}"), "/fact/directive/scope: required"),
        (("    otherwise: w\n", ""), "/fact: required"),
        (("person: Nurse}\n", "person: Nurse, role: cook}\n"), "statements.0.by.role: "),
        (
            ("person: T, role: mash_screener", "person: T"),
            "statements.1: turned away, may_not_raise: Your role may not raise an override.",
        ),
        (("until: 2026-11-03T09:00Z", "until: 2026-12-03T09:00Z"), "lasts_too_long: Choose an"),
        (("override: tonight", "override: another"), "turned away, no_such_override"),
        (("  protected:", "  relationships: []\n  protected:"), "stands here twice"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    written = SHORT + KNOWN
    assert change[0] in written
    assert says in refused(tmp_path, written.replace(*change, 1))


def test_a_concern_that_does_not_fit_its_schema_is_named_by_path_and_not_by_content(
    tmp_path: Path,
) -> None:
    whole = example("school-concern")
    whole["data"]["categories"]["education"]["summary"]["status"] = "Craig"
    said = refused(tmp_path, json.dumps(whole, indent=1))
    assert "/categories/education/summary/status: enum" in said
    assert "Craig" not in said
    line = int(said.split("case.yaml:")[1].split(":")[0])
    assert '"Craig"' in json.dumps(whole, indent=1).splitlines()[line - 1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "write an object"),
        ("a: [", "line 1"),
        ('{"outcome": "quarantine", "notification": null}', "holds no concern to decide"),
        ('{"specversion": "1.0", "type": "x"}', "/data: write the object before signing"),
        ('{"iss": "org:ods:RZZ", "type": "case.closed"}', "/type: write concern.raised"),
    ],
)
def test_what_is_no_concern_is_refused(tmp_path: Path, text: str, says: str) -> None:
    assert says in refused(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    partnership = read_partnership(DIRECTORY)
    with pytest.raises(Malformed, match="No such file"):
        read_case(tmp_path / "none.yaml", partnership=partnership, rules=policies().rules, now=NOW)


def test_nothing_is_said_twice_in_two_files(tmp_path: Path) -> None:
    assert "says what is known already" in refused(tmp_path, SHORT + KNOWN, KNOWN)
    assert "give this file with --concern" in refused(tmp_path, SHORT, SHORT + KNOWN)


def test_whose_age_counts_is_read_from_a_whole_concern_alone(tmp_path: Path) -> None:
    known = "known: {subject: {birth_date: 2009-01-01}}"
    assert "identity.summary alone" in refused(
        tmp_path, json.dumps(example("school-concern")), known
    )
