"""From what is known to the one question: what holds at this instant, about this recipient."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from broker.directory import who_might_need_to_know
from broker.domain.decision import Candidate, Question, Recipient
from broker.domain.ids import NotificationId, OrganisationId
from broker.domain.known import Body, Match, MatchState
from broker.domain.sharing import Author, Statement
from broker.domain.words import (
    Agency,
    Category,
    ConsentState,
    Gateway,
    Level,
    LevelState,
    RelationshipKind,
    ReviewOutcome,
    Role,
)
from broker.question import Situation, question
from tests.unit.sharing import (
    CHILD,
    NOW,
    PLACES,
    PRACTICE,
    SCREENER,
    SURE,
    confirmed,
    harmful,
    necessary,
    notified,
    overriding,
    related,
    reviewed,
    said,
    situation,
    unsure,
    weighed,
)
from tests.world import HOSPITAL, HUB

LATER = NOW + timedelta(hours=1)
WORKER = Recipient(
    organisation=OrganisationId("org:local:marlhaven-social-work"),
    role=Role.SOCIAL_WORKER,
    agency=Agency.CHILDRENS_SERVICES,
)


def asked(where: Situation, recipient: Recipient = PRACTICE) -> Question:
    return question(where, recipient, RelationshipKind.REGISTERED)[0]


def candidates(where: Situation) -> dict[str, Candidate]:
    found = who_might_need_to_know(
        where.notification,
        where.match,
        where.known,
        rules=where.rules,
        directory=where.directory,
    )
    return {f"{each.recipient.organisation} {each.recipient.role}": each for each in found}


# The level -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "level", "counts"),
    [
        (Role.MASH_SCREENER, Level.SIGNIFICANT_HARM, True),
        (Role.SOCIAL_WORKER, Level.EARLY_HELP, True),
        (Role.POLICE_PROTECTION, Level.EMERGENCY, True),
        (Role.POLICE_PROTECTION, Level.SIGNIFICANT_HARM, False),
        (Role.GP, Level.SIGNIFICANT_HARM, False),
        (None, Level.SIGNIFICANT_HARM, False),
    ],
)
def test_a_level_is_confirmed_by_those_who_may(
    role: Role | None, level: Level, *, counts: bool
) -> None:
    notification = notified()
    by = Author(person="p", organisation=HUB, role=role)
    found = asked(situation(notification, confirmed(notification, level, by=by)))
    assert (found.level_state is LevelState.CONFIRMED) is counts
    assert found.level is (level if counts else Level.CHILD_IN_NEED)


def test_a_level_of_one_concern_is_not_another_concerns() -> None:
    notification, other = notified(), notified(reference="another")
    found = asked(situation(notification, confirmed(other, Level.EMERGENCY)))
    assert (found.level, found.level_state) == (Level.CHILD_IN_NEED, LevelState.PROPOSED)


def test_of_two_confirmations_the_one_made_later_counts_once_the_broker_has_it() -> None:
    notification = notified()
    raised = confirmed(notification, Level.SIGNIFICANT_HARM)
    lowered = confirmed(
        notification, Level.EARLY_HELP, made=LATER, recorded=LATER, id=NotificationId("later")
    )
    assert asked(situation(notification, lowered, raised)).level is Level.SIGNIFICANT_HARM
    assert asked(situation(notification, lowered, raised, at=LATER)).level is Level.EARLY_HELP


def test_a_hospital_that_writes_confirmed_has_proposed() -> None:
    notification = notified(level_state=LevelState.CONFIRMED)
    assert asked(situation(notification)).level_state is LevelState.PROPOSED


# Records that lift a limit ------------------------------------------------------------------------


def test_necessity_is_of_its_concern_or_of_a_directive_that_says_why_nobody_was_asked() -> None:
    notification = notified()
    assert not asked(situation(notification)).necessity
    assert asked(situation(notification, necessary(notification))).necessity
    assert not asked(situation(notification, necessary(notified(reference="another")))).necessity
    unsafe = said(ConsentState.NOT_SOUGHT_UNSAFE)
    assert asked(situation(notification, unsafe)).necessity
    statutory = said(ConsentState.NOT_REQUIRED_STATUTORY)
    assert not asked(situation(notification, statutory)).necessity


def test_going_on_despite_a_refusal_opens_the_categories_it_names_alone() -> None:
    notification = notified(born="2009-12-31", stated=ConsentState.REFUSED)
    found = asked(situation(notification, weighed(notification, Category.IDENTITY)))
    assert Category.IDENTITY not in found.young_person_refused
    assert Category.NARRATIVE in found.young_person_refused
    assert Category.IDENTITY in found.refused


# Overrides and detriment --------------------------------------------------------------------------


def overridden(at: Any = NOW, *more: Statement) -> frozenset[Category]:
    notification = notified()
    override = overriding(notification, Category.IDENTITY)
    return asked(situation(notification, override, *more, at=at)).override


def test_an_override_ends_at_its_instant() -> None:
    until = NOW + timedelta(hours=24)
    assert overridden(until - timedelta(microseconds=1)) == {Category.IDENTITY}
    assert overridden(until) == frozenset()
    assert overridden(NOW - timedelta(microseconds=1)) == frozenset()


@pytest.mark.parametrize(
    ("outcome", "stands"),
    [
        (ReviewOutcome.UPHELD, True),
        (ReviewOutcome.UPHELD_WITH_LEARNING, True),
        (ReviewOutcome.NOT_JUSTIFIED, False),
    ],
)
def test_an_override_found_not_justified_ends_when_that_is_recorded(
    outcome: ReviewOutcome, *, stands: bool
) -> None:
    review = reviewed(notified(), outcome, made=LATER, recorded=LATER)
    assert overridden(LATER - timedelta(microseconds=1), review) == {Category.IDENTITY}
    assert (overridden(LATER, review) == {Category.IDENTITY}) is stands


def test_an_override_opens_for_whom_it_names_alone() -> None:
    notification = notified()
    override = overriding(notification, Category.IDENTITY, recipient=SCREENER)
    assert asked(situation(notification, override)).override == frozenset()


def test_an_override_makes_a_candidate_but_not_through_a_doubtful_match() -> None:
    notification = notified()
    override = overriding(notification, Category.IDENTITY, recipient=WORKER)
    named = f"{WORKER.organisation} {WORKER.role}"
    assert named in candidates(situation(notification, override))
    assert named not in candidates(situation(notification, override, match=unsure()))


def test_detriment_is_about_one_organisation_and_can_be_lifted() -> None:
    notification = notified()
    judged = harmful(notification)
    lifted = harmful(
        notification, stands=False, made=LATER, recorded=LATER, id=NotificationId("lifted")
    )
    assert asked(situation(notification, judged)).detriment
    assert not asked(situation(notification, judged), SCREENER).detriment
    assert not asked(situation(notification, judged, lifted, at=LATER)).detriment
    assert asked(situation(notification, judged, lifted)).detriment


# Where and under whose law ------------------------------------------------------------------------


def elsewhere(**what: Any) -> Situation:
    """The practice in another area, and under another law."""
    here = situation(notified(**what), protected={CHILD: frozenset()}, areas={CHILD: "marlhaven"})
    body = Body(agency=Agency.HEALTH, area="aldermoor", jurisdiction="GB-SCT")
    bodies = {**PLACES.bodies, PRACTICE.organisation: body}
    return replace(here, directory=replace(PLACES, bodies=bodies))


def test_off_the_list_and_in_another_area_is_both() -> None:
    found = asked(elsewhere())
    assert found.location_barred
    assert found.outside_area
    assert found.jurisdiction == "GB-SCT"


def test_on_the_list_the_area_does_not_matter() -> None:
    there = elsewhere()
    protected = {CHILD: frozenset({PRACTICE.organisation})}
    listed = replace(there, known=replace(there.known, protected=protected))
    assert not asked(listed).location_barred
    assert not asked(listed).outside_area


def test_by_right_only_in_the_childs_own_area() -> None:
    there = elsewhere()
    assert not asked(there, SCREENER).location_barred
    away = replace(there, known=replace(there.known, areas={CHILD: "aldermoor"}))
    assert asked(away, SCREENER).location_barred


# Who is a candidate -------------------------------------------------------------------------------


def test_an_early_help_workers_allocation_is_no_open_case_that_goes_past_the_hub() -> None:
    helper = replace(WORKER, role=Role.EARLY_HELP_WORKER)
    hub = f"{HUB} mash_screener"
    for recipient, screened in ((helper, True), (WORKER, False)):
        allocated = related(recipient, RelationshipKind.ALLOCATED)
        found = candidates(situation(notified(), relationships=[allocated]))
        assert (hub in found) is screened, recipient.role


def test_a_relationship_holds_from_its_first_instant_until_its_last() -> None:
    practice = f"{PRACTICE.organisation} {PRACTICE.role}"
    kept = related(PRACTICE, RelationshipKind.REGISTERED, since=NOW, until=LATER)
    for at, holds in (
        (NOW - timedelta(microseconds=1), False),
        (NOW, True),
        (LATER - timedelta(microseconds=1), True),
        (LATER, False),
    ):
        where = situation(notified(), at=at, relationships=[kept])
        assert (practice in candidates(where)) is holds, at
    assert (
        candidates(situation(notified(), relationships=[kept]))[practice].rests.good_until == LATER
    )


def test_who_published_a_concern_before_is_acknowledged_but_not_through_doubt() -> None:
    school = OrganisationId("org:school:999001")
    council = notified()
    council = replace(council, publisher=HUB, agency=Agency.CHILDRENS_SERVICES)
    council = replace(
        council, routing=replace(council.routing, gateway=Gateway.REFERRAL_ACKNOWLEDGEMENT)
    )
    published = dict.fromkeys((CHILD, unsure().subject), frozenset({school, HOSPITAL, HUB}))
    named = f"{school} designated_safeguarding_lead"
    known = situation(council, published=published)
    assert candidates(known)[named].question.gateway is Gateway.REFERRAL_ACKNOWLEDGEMENT
    assert named not in candidates(replace(known, match=unsure()))


def test_each_recipient_is_asked_about_once_and_the_desk_that_published_is_not() -> None:
    twice = [
        related(PRACTICE, RelationshipKind.REGISTERED),
        related(PRACTICE, RelationshipKind.ALLOCATED),
    ]
    found = who_might_need_to_know(
        notified(),
        SURE,
        situation(notified(), relationships=twice).known,
        rules=situation(notified()).rules,
        directory=PLACES,
    )
    assert len({each.recipient for each in found}) == len(found)


def test_a_new_subject_is_certain() -> None:
    new = Match(subject=CHILD, state=MatchState.NEW, why="first_sighting")
    assert situation(notified(), match=new).certain
