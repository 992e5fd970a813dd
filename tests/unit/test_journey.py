"""The journey as pure functions: who is asked, what passes, and what never does."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.directory import who_might_need_to_know
from broker.disclosure import redact
from broker.domain.batch import Disclosure, Refusal
from broker.domain.decision import Because, Candidate, Decision, Question, Recipient, Ruling
from broker.domain.ids import OrganisationId, PolicyId, PolicyVersion, SubjectId
from broker.domain.known import Known, Match, MatchState, Relationship
from broker.domain.notification import Notification
from broker.domain.words import Category, Extent, Gateway, Lane, Level, RelationshipKind, Role
from broker.partnership import read_partnership
from broker.policy import CompiledPolicies, read_bundle
from tests.world import DIRECTORY, HOSPITAL, NOW, World, batch_of, concern

WORLD = World()
POLICIES = CompiledPolicies(read_bundle())
PLACES = read_partnership(DIRECTORY).directory()
CHILD = SubjectId("s_child")
GP = OrganisationId("org:ods:Y99999")


def notified(**what: Any) -> Notification:
    data = concern(**what)
    publisher = OrganisationId(data["iss"])
    record = WORLD.record(data)
    lane = "emergency" if data["urgency"] == "immediate" else "routine"

    batch = batch_of([record], publisher=publisher, lane=Lane(lane))
    return WORLD.read(record, batch).notification


def known(**what: Any) -> Known:
    return Known(now=NOW, unused={}, **what)


def candidates(notification: Notification, match: Match, now_known: Known) -> dict[str, Candidate]:
    found = who_might_need_to_know(
        notification, match, now_known, rules=POLICIES.rules, directory=PLACES
    )
    return {f"{each.recipient.organisation} {each.recipient.role.value}": each for each in found}


def related(organisation: str, role: Role, kind: RelationshipKind, **when: Any) -> Relationship:
    since = when.pop("since", NOW - timedelta(days=30))
    return Relationship(
        organisation=OrganisationId(organisation), role=role, kind=kind, since=since, **when
    )


SURE = Match(subject=CHILD, state=MatchState.KNOWN, why="test")
UNSURE = Match(
    subject=SubjectId("s_new"),
    state=MatchState.NEEDS_PERSON,
    why="test",
    doubted=frozenset({CHILD}),
)
WORKER = related("org:local:marlhaven-social-work", Role.SOCIAL_WORKER, RelationshipKind.ALLOCATED)
PRACTICE = related(GP, Role.GP, RelationshipKind.REGISTERED)


def test_relationships_and_whoever_is_on_duty_are_asked() -> None:
    found = candidates(notified(), SURE, known(relationships={CHILD: [WORKER, PRACTICE]}))
    assert set(found) == {
        "org:local:marlhaven-social-work social_worker",
        "org:ods:Y99999 gp",
        "org:la:999 mash_screener",
        "org:force:99 police_protection",
    }


def test_below_significant_harm_an_open_case_goes_past_the_hub() -> None:
    found = candidates(
        notified(level="child_in_need"), SURE, known(relationships={CHILD: [WORKER]})
    )
    assert set(found) == {"org:local:marlhaven-social-work social_worker"}


def test_a_relationship_that_ended_asks_nobody() -> None:
    ended = replace(PRACTICE, until=NOW)
    assert "org:ods:Y99999 gp" not in candidates(
        notified(), SURE, known(relationships={CHILD: [ended]})
    )


def test_through_a_doubtful_match_nobody_is_found_and_the_hub_still_is() -> None:
    found = candidates(notified(), UNSURE, known(relationships={CHILD: [WORKER, PRACTICE]}))
    assert set(found) == {"org:la:999 mash_screener", "org:force:99 police_protection"}
    assert not any(each.child_certain for each in found.values())


def test_doubt_widens_protection_and_the_list_lets_only_the_named_pass() -> None:
    protected = known(protected={CHILD: frozenset({GP})}, relationships={CHILD: [PRACTICE]})
    sure, unsure = (
        candidates(notified(), SURE, protected),
        candidates(notified(), UNSURE, protected),
    )
    assert not sure["org:ods:Y99999 gp"].question.location_barred
    assert sure["org:force:99 police_protection"].question.location_barred
    assert unsure["org:force:99 police_protection"].question.location_barred
    assert not sure["org:la:999 mash_screener"].question.location_barred  # the child's own council


def test_off_the_list_the_publisher_is_not_whom_to_ring() -> None:
    found = candidates(notified(routing={"location_protected": True}), SURE, known())
    assert found["org:force:99 police_protection"].ring == "org:la:999"
    assert found["org:la:999 mash_screener"].ring == HOSPITAL


def test_a_conflict_of_interest_is_asked_about_and_refused() -> None:
    excluded = {"excluded": [{"organisation": GP, "why": "relative_there"}]}
    found = candidates(notified(routing=excluded), SURE, known(relationships={CHILD: [PRACTICE]}))
    asked = found["org:ods:Y99999 gp"]
    decision = Decision(candidate=asked, ruling=POLICIES.decide(asked.question))
    refusal = redact(notified(routing=excluded), decision, POLICIES.rules)
    assert isinstance(refusal, Refusal)
    assert refusal.ground == "conflict"


def test_a_gateway_that_a_hospital_claims_opens_nothing() -> None:
    claimed = notified(routing={"gateway": "operation_encompass"})
    school = related(
        "org:school:999002", Role.DESIGNATED_SAFEGUARDING_LEAD, RelationshipKind.ENROLLED
    )
    found = candidates(claimed, SURE, known(relationships={CHILD: [school]}))
    asked = found["org:school:999002 designated_safeguarding_lead"].question
    assert asked.gateway is Gateway.NONE


@pytest.mark.parametrize(
    ("factors", "opened"),
    [([], Gateway.NONE), (["1B"], Gateway.NONE), (["1B", "22A"], Gateway.FGM_5B)],
)
def test_fgm_opens_only_where_its_factor_is_coded(factors: list[str], opened: Gateway) -> None:
    summary = {"basis": "observed", "occurred": "2026-11-20", "abuse": ["PHY"]}
    narrative = {
        "summary": {**summary, **({"factors": factors} if factors else {})},
        "full": {"words": "words", "reply": {"role": "Lead", "telephone": "01632 960114"}},
    }
    claimed = notified(routing={"gateway": "fgm_5b"}, categories={"narrative": narrative})
    found = candidates(claimed, SURE, known())
    assert found["org:force:99 police_protection"].question.gateway is opened


# What passes ----------------------------------------------------------------------------------

EXTENTS = st.fixed_dictionaries({category: st.sampled_from(Extent) for category in Category})
SENT = {
    Category.CHILDS_VOICE.value: {"summary": {"heard": "yes"}, "full": {"words": "Her words."}},
    Category.SENSITIVE_HEALTH.value: {"summary": {"kinds": ["mental_health"]}},
}


def decided(extents: dict[Category, Extent]) -> Decision:
    question = candidates(notified(), SURE, known())["org:la:999 mash_screener"].question
    because = Because(permits=(PolicyId("p"),))
    ruling = Ruling(
        extents=extents,
        because=dict.fromkeys(Category, because),
        policy=PolicyVersion("v"),
        level_used=Level.SIGNIFICANT_HARM,
    )
    recipient = Recipient(organisation=GP, role=Role.GP, agency=PLACES.bodies[GP].agency)
    candidate = Candidate(recipient=recipient, question=question, why="registered", ring=HOSPITAL)
    return Decision(candidate=candidate, ruling=ruling)


@given(EXTENTS)
def test_exactly_what_the_decision_lets_pass_passes(extents: dict[Category, Extent]) -> None:
    notification = notified(categories=SENT)
    result = redact(notification, decided(extents), POLICIES.rules)
    allowed = {
        name
        for name in notification.claims
        for category, _, part in [name.partition(".")]
        if part and extents[Category(category)] >= Extent(part)
    }
    if isinstance(result, Disclosure):
        assert set(result.claims) == allowed
        assert set(result.held) == {
            category
            for category in notification.categories
            if extents[category] is Extent.EXISTENCE
        }
    else:
        assert not allowed


@given(EXTENTS)
def test_what_only_the_broker_may_know_never_passes(extents: dict[Category, Extent]) -> None:
    result = redact(notified(), decided(extents), POLICIES.rules)
    if isinstance(result, Disclosure):
        assert not {"present", "routing", "native"} & set(result.claims)


def test_an_extent_is_never_yes_or_no() -> None:
    with pytest.raises(TypeError, match="not yes or no"):
        assert Extent.FULL


def test_a_ruling_that_forgets_a_category_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="every category"):
        Ruling(
            extents={Category.IDENTITY: Extent.FULL},
            because={},
            policy=PolicyVersion("v"),
            level_used=Level.EMERGENCY,
        )


def test_the_repr_of_a_notification_holds_no_words() -> None:
    assert "Bruising" not in repr(notified())


def test_equal_questions_are_one_question() -> None:
    first, second = (candidates(notified(), SURE, known()) for _ in range(2))
    questions: set[Question] = {
        each.question for found in (first, second) for each in found.values()
    }
    assert len(questions) == 2
