"""Which single fact would change a decision: found by asking, and true when it is put so."""

from dataclasses import replace
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from broker.domain.decision import Question, Ruling
from broker.domain.ids import OrganisationId, SubjectId
from broker.domain.words import (
    Agency,
    Category,
    ConsentState,
    Extent,
    Gateway,
    Level,
    LevelState,
    RelationshipKind,
    Role,
)
from broker.explaining import UNLISTED, Change, as_if_related, changes, explain
from tests.unit.questions import QUESTIONS
from tests.unit.sharing import CHILD, PRACTICE, notified, policies, situation, unsure
from tests.world import HUB

HOME = "GB-ENG"
CONSENT = {"agreed", "refused", "young_person_refused"}
FIXED = {"role", "agency", "publisher", "consent_stated", "own"}


def asked(**facts: object) -> Question:
    usual: dict[str, object] = {
        "role": Role.GP,
        "agency": Agency.HEALTH,
        "publisher": Agency.HEALTH,
        "level": Level.SIGNIFICANT_HARM,
        "level_state": LevelState.PROPOSED,
        "gateway": Gateway.NONE,
        "relationship": RelationshipKind.REGISTERED,
        "consent_stated": ConsentState.SOUGHT_PENDING,
    }
    return Question(**{**usual, **facts})  # type: ignore[arg-type]


def found(question: Question) -> dict[tuple[str, str], Change]:
    listed = changes(question, policies(), home=HOME, name="the practice")
    return {(each.fact, each.value): each for each in listed}


def put(question: Question, change: Change) -> Question:  # noqa: PLR0911 - one for each fact
    """The question with the one fact put as the change says, worked out on its own."""
    nobody, everything = frozenset[Category](), frozenset(Category)
    match change.fact, change.value:
        case "level", level:
            return replace(question, level=Level(level))
        case "level_state", state:
            return replace(question, level_state=LevelState(state))
        case "relationship", kind:
            return replace(question, relationship=RelationshipKind(kind))
        case "gateway", gateway:
            return replace(question, gateway=Gateway(gateway))
        case "jurisdiction", law:
            return replace(question, jurisdiction=law)
        case "override", which:
            return replace(question, override=everything if which == "all" else nobody)
        case "consent", wish:
            return replace(
                question,
                agreed=everything if wish == "given" else nobody,
                refused=everything if wish.endswith("refused") else nobody,
                young_person_refused=everything if wish.startswith("young") else nobody,
            )
        case "location_barred", "false":
            return replace(question, location_barred=False, outside_area=False)
        case "outside_area", "true":
            return replace(question, location_barred=True, outside_area=True)
        case fact, value:
            return replace(question, **{fact: value == "true"})  # type: ignore[arg-type]


@given(QUESTIONS)
def test_put_as_it_says_the_answer_is_what_it_says(question: Question) -> None:
    now = policies().decide(question).extents
    for change in found(question).values():
        then = policies().decide(put(question, change)).extents
        moved = {each: (now[each], then[each]) for each in Category if now[each] != then[each]}
        assert change.extents == moved
        assert moved


@given(QUESTIONS, st.data())
def test_no_single_fact_that_changes_something_is_left_out(
    question: Question, data: st.DataObject
) -> None:
    """Any yes-or-no fact turned round, any word of a closed list put in its place."""
    now: Ruling = policies().decide(question)
    listed = found(question)
    words = {
        "level": Level,
        "relationship": RelationshipKind,
        "gateway": Gateway,
    }
    fact = data.draw(st.sampled_from(sorted(words)))
    value = data.draw(st.sampled_from(list(words[fact])))
    if getattr(question, fact) is not value:
        other = policies().decide(replace(question, **{fact: value}))  # type: ignore[arg-type]
        assert ((fact, str(value.value)) in listed) is (other.extents != now.extents)
    for flag in ("sealed", "conflict", "detriment", "necessity"):
        other = policies().decide(
            replace(question, **{flag: not getattr(question, flag)})  # type: ignore[arg-type]
        )
        put_so = str(not getattr(question, flag)).lower()
        assert ((flag, put_so) in listed) is (other.extents != now.extents), flag


def test_a_practice_reads_that_it_waits_for_the_level_to_be_confirmed() -> None:
    change = found(asked())["level_state", "confirmed"]
    assert change.words == "if the level were confirmed"
    assert change.extents[Category.IDENTITY] == (Extent.NOTHING, Extent.FULL)


def test_off_the_list_the_allow_list_is_named() -> None:
    barred = asked(level_state=LevelState.CONFIRMED, location_barred=True)
    change = found(barred)["location_barred", "false"]
    assert change.words == "if the practice were on the allow-list"
    assert change.extents[Category.CHILD_HEALTH] == (Extent.SUMMARY, Extent.FULL)


def test_a_governance_officer_is_told_nothing_but_by_an_override() -> None:
    listed = found(asked(role=Role.GOVERNANCE_OFFICER, level_state=LevelState.CONFIRMED))
    assert set(listed) == {("override", "all")}


def test_who_asks_and_who_published_stay_as_they_are() -> None:
    assert not {fact for fact, _ in found(asked())} & FIXED


def test_a_refusal_says_its_ground_and_a_disclosure_has_none() -> None:
    notification = notified(level=Level.SIGNIFICANT_HARM)
    where = situation(notification)
    for role, ground in ((Role.MASH_SCREENER, None), (Role.GP, "no_basis")):
        candidate = as_if_related(role, where, policies())
        explanation = explain(candidate, where, policies(), name="they", hypothetical=True)
        assert explanation.ground == ground, role
        assert explanation.hypothetical


def test_as_if_related_is_somebody_of_the_childs_own_area_by_what_their_agency_states() -> None:
    where = situation(notified(), relationships=[])
    practice = as_if_related(Role.GP, where, policies())
    assert practice.recipient == PRACTICE
    assert practice.question.relationship is RelationshipKind.REGISTERED
    school = as_if_related(Role.DESIGNATED_SAFEGUARDING_LEAD, where, policies())
    assert school.why.startswith("as if ")
    assert school.question.relationship is not RelationshipKind.NONE


def test_a_role_that_the_directory_gives_to_nobody_is_asked_about_all_the_same() -> None:
    where = situation(notified())
    others = {
        organisation: body
        for organisation, body in where.directory.bodies.items()
        if Role.GOVERNANCE_OFFICER not in body.roles
    }
    where = replace(where, directory=replace(where.directory, bodies=others))
    nobody = as_if_related(Role.GOVERNANCE_OFFICER, where, policies())
    assert nobody.recipient.organisation == UNLISTED
    assert policies().decide(nobody.question).tells_nothing
    assert UNLISTED not in where.directory.bodies


def test_through_a_doubtful_match_nobody_is_related_not_even_as_if() -> None:
    where = situation(notified(), match=unsure())
    candidate = as_if_related(Role.GP, where, policies())
    assert candidate.question.relationship is RelationshipKind.NONE
    assert not candidate.child_certain


def test_as_if_related_protection_still_counts() -> None:
    where = situation(
        notified(level=Level.SIGNIFICANT_HARM),
        protected={SubjectId(CHILD): frozenset({OrganisationId(HUB)})},
    )
    assert as_if_related(Role.GP, where, policies()).question.location_barred


def test_without_a_relationship_one_is_what_would_change_it() -> None:
    stranger = asked(level_state=LevelState.CONFIRMED, relationship=RelationshipKind.NONE)
    change = found(stranger)["relationship", "registered"]
    assert change.words == "if the child were registered with the practice"
    assert change.extents[Category.CHILD_HEALTH] == (Extent.EXISTENCE, Extent.FULL)


def test_of_every_closed_list_each_word_that_changes_something_is_named() -> None:
    """Exhaustively, for the hub and a practice at each confirmed level."""
    for role, level in product((Role.MASH_SCREENER, Role.GP), Level):
        question = asked(role=role, level=level, level_state=LevelState.CONFIRMED)
        now, listed = policies().decide(question).extents, found(question)
        for fact, words in (
            ("level", Level),
            ("relationship", RelationshipKind),
            ("gateway", Gateway),
        ):
            for word in words:
                other = replace(question, **{fact: word})  # type: ignore[arg-type]
                changed = policies().decide(other).extents != now
                assert ((fact, word.value) in listed) is changed, f"{role} {level} {word}"
