"""A doubtful match before a person: whose it is, when two must say the same, and in which words."""

import ast
import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import broker.identity
from broker import correcting, reviewing
from broker.console import match_view, match_words
from broker.console.match_view import bars
from broker.domain.desk import Person
from broker.domain.identity import Assurance as Sure
from broker.domain.identity import (
    Comparison,
    KeptProfile,
    Line,
    Name,
    Number,
    Place,
    Profile,
    SubjectKind,
    Weighed,
)
from broker.domain.ids import OrganisationId, PersonId, ReviewId, SubjectId
from broker.domain.review import (
    Answered,
    Candidate,
    EarlierAnswer,
    Review,
    ReviewAnswer,
    ReviewSaid,
)
from broker.domain.rules import Delicate
from broker.domain.words import Level, Role
from broker.errors import Rejected
from broker.identity import levels
from broker.identity.profile_text import profile_from, text_from
from broker.partnership import read_partnership
from broker.policy import read_bundle
from broker.reviewing import ONLY_FORENAME, Record, Says, Strength, facts, outcome, risky
from tests.world import DIRECTORY

RULES = read_bundle().rules
PARTNERSHIP = read_partnership(DIRECTORY)
PEOPLE = {each.id: each for each in PARTNERSHIP.people}
HUB = PEOPLE[PersonId("hub-okonjo")]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NEW, MARA, OTHER = SubjectId("s_new"), SubjectId("s_mara"), SubjectId("s_other")
SAME, DIFFERENT, CANNOT = ReviewAnswer.SAME, ReviewAnswer.DIFFERENT, ReviewAnswer.CANNOT_TELL
ALL = [
    *((c, level) for c, of_it in levels.LEVELS.items() for level in of_it),
    *((Comparison.IDENTIFIER, level) for level in levels.IDENTIFIER_BITS),
]


def words_for_a_doubt() -> set[str]:
    """Every guard and every `why` that a verdict or a correction may give with doubt."""
    folder = Path(broker.identity.__path__[0])
    found: set[str] = set()
    for name in ("guard.py", "verdict.py"):
        for node in ast.walk(ast.parse((folder / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name in {"_against", "_against_b"}:
                tables = [each for each in ast.walk(node) if isinstance(each, ast.Dict)]
                found |= {key.value for table in tables for key in table.keys}  # type: ignore[union-attr]
            if isinstance(node, ast.keyword) and node.arg == "why":
                constants = [each for each in ast.walk(node) if isinstance(each, ast.Constant)]
                found |= {str(each.value) for each in constants}
    whole = ast.parse(Path(correcting.__file__).read_text(encoding="utf-8"))
    return (found - {"nobody_like_this", "another_pregnancy", "rule_"}) | {
        str(each.value.value)
        for each in ast.walk(whole)
        if isinstance(each, ast.keyword)
        and each.arg == "why"
        and isinstance(each.value, ast.Constant)
        and each.value.value not in {"person_same", "merged"}
    }


def test_every_reason_for_doubt_has_a_sentence() -> None:
    named = words_for_a_doubt()
    assert {"forename_differs", "too_little", "kept_apart", "mother_or_date"} <= named
    assert named - set(match_words.WHY) == set()
    for word in match_words.WHY:
        said = match_view.why(word, profile(NEW))
        assert said.endswith(".")
        assert "{" not in said


@pytest.mark.parametrize(("comparison", "level"), ALL)
def test_every_level_has_a_sentence(comparison: Comparison, level: str) -> None:
    said = reviewing.said_by(comparison, level)
    assert match_words.SAYS[said]
    assert (said is Says.MISSING) == (level == levels.NONE)
    assert said is Says.MISSING or (comparison, level) in match_words.LEVELS
    if level == levels.EQUAL:
        assert said is Says.AGREES
    if level == levels.DIFFERS:
        assert said is Says.DIFFERS


@pytest.mark.parametrize(
    ("bits", "strength"),
    [
        (20, Strength.STRONGLY_FOR), (3.9, Strength.FOR), (1, Strength.A_LITTLE_FOR),
        (0, Strength.NEITHER), (-0.4, Strength.NEITHER), (-1.9, Strength.A_LITTLE_AGAINST),
        (-4.3, Strength.AGAINST), (-12, Strength.STRONGLY_AGAINST),
    ],
)  # fmt: skip
def test_a_weight_is_told_in_words(bits: float, strength: Strength) -> None:
    assert reviewing.strength_of(bits) is strength
    assert match_words.STRENGTHS[strength]


def profile(subject: SubjectId, given: str = "Mara", **more: Any) -> Profile:
    name = Name(forename=given.lower(), surname="fennick oyelowo")
    whole = Profile(
        subject=subject,
        names=(name,),
        written=(f"{given} Fennick-Oyelowo",),
        birth="2017-03-09",
        sex="F",
        places=(Place(postcode="ZE84AF"),),
    )
    return replace(whole, **more)


def record(subject: SubjectId, given: str = "Mara", **more: Any) -> Record:
    protected, household = bool(more.pop("protected", False)), more.pop("household", None)
    held = profile(subject, given, **more)
    return Record(profile=held, protected=protected, household=household)


def weighed(forename: str = levels.DIFFERS, household: str = levels.SAME) -> Weighed:
    return Weighed(
        subject=MARA,
        lines=(
            Line(Comparison.FORENAME, forename, -4.3),
            Line(Comparison.SURNAME, levels.EQUAL, 16.4),
            Line(Comparison.BIRTH, levels.EQUAL, 12.0),
            Line(Comparison.SEX, levels.EQUAL, 1.0),
            Line(Comparison.HOUSEHOLD, household, 15.5),
        ),
        bits=20.5,
        forename=-1,
        birth=2,
        identifier="none",
        guards=("forename_differs", "nothing_else_agrees"),
    )


def review(asked: Profile, held: Profile, of_it: Weighed) -> Review:
    candidate = Candidate(subject=MARA, profile=held, weighed=of_it, risky=False)
    return Review(
        id=ReviewId("r"), subject=NEW, reference="7QXK-29TB", publisher="St Mary's",
        level=Level.CHILD_IN_NEED, why="forename_differs", at=NOW, asked=asked,
        candidates=[candidate],
    )  # fmt: skip


def test_a_twin_is_explained_as_one() -> None:
    (block,) = match_view.beside(review(profile(NEW, "Mina"), profile(MARA), weighed()), ())
    assert block.why == "Everything agrees except her own name. Possibly a twin or sister."
    boy = profile(NEW, "Milo", sex="M"), profile(MARA, sex="M")
    assert "his own name. Possibly a twin or brother" in (
        match_view.beside(review(*boy, weighed()), ())[0].why
    )
    unknown = profile(NEW, "Mina", sex=None), profile(MARA)
    assert "a brother or sister" in match_view.beside(review(*unknown, weighed()), ())[0].why


def test_where_something_else_differs_too_it_is_no_twin() -> None:
    elsewhere = weighed(household=levels.DIFFERS)
    assert reviewing.why_asked("x", elsewhere) == "forename_differs"
    assert reviewing.why_asked("x", weighed()) == ONLY_FORENAME
    assert reviewing.why_asked("two_alike", replace(weighed(levels.EQUAL), guards=())) == (
        "two_alike"
    )


def test_a_comparison_that_was_not_made_is_missing() -> None:
    told = facts(weighed())
    assert [each.comparison for each in told] == list(Comparison)
    assert (told[-1].says, told[-1].strength) == (Says.MISSING, Strength.NEITHER)


def test_each_bar_begins_where_the_one_before_ended() -> None:
    drawn = [each for each in bars(facts(weighed())) if each is not None]
    assert [each.is_for for each in drawn] == [False, True, True, True, True]
    assert drawn[0].start + drawn[0].length == 19  # against: it ends at the middle
    for before, after in itertools.pairwise(drawn[1:]):
        assert before.start + before.length == after.start
    far = replace(weighed(), lines=[Line(each, levels.EQUAL, 99.0) for each in Comparison])
    for bar in bars(facts(far)):
        assert bar is not None
        assert 1 <= bar.start <= bar.start + bar.length - 1 <= 60


def test_what_is_protected_is_not_spelt_out() -> None:
    held = profile(
        MARA,
        places=(Place(postcode="ZE75AS", restricted=True),),
        safe_telephones=("+447700900112",),
        numbers=(
            Number(
                system="police_nominal", issuer="org:force:99", value="88", assurance=Sure.VERIFIED
            ),
            Number(system="nhs_number", value="9990020019", assurance=Sure.VERIFIED),
        ),
    )
    asked = profile(NEW, "Mina")
    (block,) = match_view.beside(review(asked, held, weighed()), RULES.identity.shown_identifiers)
    shown = [text for row in block.rows for text in row.held]
    assert shown == ["Mara Fennick-Oyelowo", "9 March 2017", "Female", match_words.PROTECTED,
                     "NHS number 9990020019"]  # fmt: skip


def test_names_are_kept_as_they_were_written() -> None:
    held = profile(MARA, written=("Zoë O’Hara",))
    kept = KeptProfile(
        subject=MARA, kind=SubjectKind.CHILD, provisional=False, doubted=frozenset(),
        apart=frozenset(), hidden_from=frozenset(), twin=False, version=1, wrapped_key=b"",
        body=b"",
    )  # fmt: skip
    assert profile_from(text_from(held), kept).written == ("Zoë O’Hara",)
    assert "Zoë" not in repr(held)


def test_a_review_is_the_hubs_of_the_area_where_the_concern_was_found() -> None:
    directory = PARTNERSHIP.directory()
    here = reviewing.publishers_before(HUB, directory, RULES)
    assert OrganisationId("org:ods:RZZ") in here
    away = replace(HUB, organisation=OrganisationId("org:la:998"), area="marlhaven")
    assert reviewing.publishers_before(away, directory, RULES) == frozenset()
    for person in PEOPLE.values():
        if person.role is not Role.MASH_SCREENER:
            assert reviewing.publishers_before(person, directory, RULES) == frozenset(), person.id


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ({"protected": True}, {}),
        ({}, {"protected": True}),
        ({}, {"restricted": True}),
        ({}, {"hidden_from": frozenset({OTHER})}),
        ({}, {"apart": frozenset({OTHER})}),
        ({"household": "h1"}, {"household": "h2"}),
    ],
)
def test_what_makes_joining_delicate(asked: dict[str, Any], held: dict[str, Any]) -> None:
    plain = weighed(levels.CLOSE)
    assert risky(record(NEW, **dict(asked)), record(MARA, **dict(held)), plain, RULES)
    nothing = replace(RULES.identity, second_person_where=frozenset())
    loose = replace(RULES, identity=nothing)
    assert not risky(record(NEW, **dict(asked)), record(MARA, **dict(held)), plain, loose)


def test_an_ordinary_match_is_one_persons_to_answer() -> None:
    assert not risky(record(NEW), record(MARA), weighed(levels.CLOSE), RULES)
    same = {"household": "h1"}
    assert not risky(record(NEW, **same), record(MARA, **dict(same)), weighed(), RULES)
    assert risky(record(NEW), record(MARA), weighed(household=levels.DISTRICT), RULES)
    assert set(Delicate) == RULES.identity.second_person_where


def earlier(
    person: str, answer: ReviewAnswer = SAME, other: SubjectId | None = MARA
) -> EarlierAnswer:
    return EarlierAnswer(
        answer=answer, other=other, person=PersonId(person), organisation=HUB.organisation,
        counts=answer is DIFFERENT, words="Words.", at=NOW,
    )  # fmt: skip


def did(
    before: Sequence[EarlierAnswer], by: str = "me", answer: ReviewAnswer = SAME, *,
    delicate: bool = True,
) -> Answered:  # fmt: skip
    said = ReviewSaid(answer=answer, other=MARA if answer is SAME else None, words="Words.")
    return outcome(said, PersonId(by), before, delicate=delicate)


def test_nobody_is_their_own_second_person() -> None:
    assert did([], delicate=False) is Answered.COUNTED
    assert did([]) is Answered.SECOND_NEEDED
    assert did([earlier("other")]) is Answered.COUNTED
    for before in ([earlier("me")], [earlier("me"), earlier("other", CANNOT, None), earlier("me")]):
        with pytest.raises(Rejected, match="same_person"):
            did(before)


def test_the_second_person_must_mean_the_same_record_and_the_first_still_say_so() -> None:
    assert did([earlier("other", other=OTHER)]) is Answered.SECOND_NEEDED
    assert did([earlier("other"), earlier("other", CANNOT, None)]) is Answered.SECOND_NEEDED
    assert did([earlier("me"), earlier("other")]) is Answered.COUNTED


def test_different_counts_at_once_and_cannot_tell_never() -> None:
    assert did([], answer=DIFFERENT) is Answered.COUNTED
    assert did([earlier("other")], answer=CANNOT) is Answered.STANDS


def test_of_an_adoption_the_two_are_never_beside_each_other() -> None:
    before = record(MARA, hidden_from=frozenset({OTHER}))
    after = record(OTHER, hidden_from=frozenset({MARA}))
    asked = profile(NEW)
    shown = reviewing.shown(asked, [before, after])
    assert [each.profile.subject for each in shown] == [MARA]
    assert reviewing.shown(profile(OTHER), [before]) == []


def test_only_whoever_may_see_every_candidate_answers() -> None:
    gp: Person = replace(HUB, role=Role.GP)
    assert reviewing.sees(HUB, [record(MARA, protected=True)], RULES)
    assert not reviewing.sees(gp, [record(NEW), record(MARA, protected=True)], RULES)
    assert reviewing.sees(gp, [record(MARA)], RULES)
