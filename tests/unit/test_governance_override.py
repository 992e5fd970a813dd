"""
Two people view what is held of one child: who may, for how long, and that no cap is ever passed.

What the caps must leave is written down here by itself (DOMAIN.md 4.1, 4.5; 4.8, reading 8), not
taken from the policies that are tested.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from broker.console.frame import SignedIn
from broker.console.governance import GovernancePages
from broker.console.places import Places
from broker.domain.decision import Because, Ruling
from broker.domain.desk import Person
from broker.domain.governance import GovernanceOverride, GovernanceState, Step, ViewedConcern
from broker.domain.ids import (
    AlertId,
    GovernanceId,
    OrganisationId,
    PersonId,
    PolicyId,
    PolicyVersion,
)
from broker.domain.known import Rules
from broker.domain.notification import Notification, Routing
from broker.domain.words import Category, ConsentState, Extent, Level, LevelState, Office, Role
from broker.errors import PolicySetInvalid
from broker.governance import (
    Decided,
    asked_of,
    may_approve,
    may_ask,
    may_review,
    may_view,
    objection_to_two,
    takes_part,
    viewed,
)
from broker.partnership import read_partnership
from broker.policy import CompiledPolicies, read_bundle
from broker.ports import Policies
from tests.unit.sharing import (
    CHILD,
    NOW,
    PLACES,
    alleged,
    confirmed,
    harmful,
    notified,
    policies,
    said,
    situation,
    unsure,
    young,
)
from tests.world import DIRECTORY

PEOPLE = {each.id: each for each in read_partnership(DIRECTORY).people}
OFFICER = PEOPLE[PersonId("gov-achterberg")]
DPO = PEOPLE[PersonId("dpo-vasquez")]
GUARDIAN = PEOPLE[PersonId("guardian-sorley")]
CHAIR = PEOPLE[PersonId("chair-pemberwick")]
WORKER = PEOPLE[PersonId("sw-lindqvist")]
RULES: Rules = policies().rules
HOURS = RULES.governance.longest

C = Category
NOTHING, EXISTENCE, SUMMARY, FULL = Extent


def override(**what: Any) -> GovernanceOverride:
    """The officer asked and the guardian approved, now."""
    usual: dict[str, Any] = {
        "id": GovernanceId("made"),
        "subject": CHILD,
        "reference": "7QXK-29TB",
        "purpose": "A complaint.",
        "asked": step(OFFICER),
        "approved": step(GUARDIAN),
        "until": NOW + HOURS,
    }
    return GovernanceOverride(**{**usual, **what})


def step(person: Person) -> Step:
    return Step(person=person.id, organisation=person.organisation, at=NOW)


def seen(
    notification: Notification,
    *statements: Any,
    viewer: Person = OFFICER,
    by: Policies | None = None,
    decided: Sequence[Decided] = (),
    **what: Any,
) -> ViewedConcern | None:
    """What somebody views of one concern."""
    using = by or policies()
    where = situation(notification, *statements, **what)
    ruling = using.decide(asked_of(where, viewer))
    return viewed(notification, ruling, decided, rules=RULES, sentences=using.sentences)


def extents(concern: ViewedConcern | None) -> dict[Category, Extent]:
    """What is shown, by category; of a blind category nothing is named."""
    assert concern is not None
    told = {each.category: SUMMARY if not each.full else FULL for each in concern.told}
    return {**{each: EXISTENCE for each in concern.held if each is not None}, **told}


def routed(notification: Notification, **routing: Any) -> Notification:
    changed: Routing = replace(notification.routing, **routing)
    return replace(notification, routing=changed)


# Who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asker", "approver", "why_not"),
    [
        (OFFICER, GUARDIAN, None),
        (OFFICER, DPO, None),
        (DPO, OFFICER, None),
        (OFFICER, OFFICER, "same_person"),
        (DPO, DPO, "same_person"),
        (OFFICER, CHAIR, "not_entitled"),
        (OFFICER, WORKER, "not_entitled"),
        (WORKER, GUARDIAN, "not_entitled"),
        (GUARDIAN, OFFICER, "not_entitled"),
        (OFFICER, replace(OFFICER, id=PersonId("gov-second")), "no_office"),
        (OFFICER, replace(GUARDIAN, area="elsewhere"), "another_area"),
    ],
)
def test_two_people_view_and_one_of_them_holds_an_office(
    asker: Person, approver: Person, why_not: str | None
) -> None:
    assert objection_to_two(asker, approver, RULES) == why_not
    asked = override(asked=step(asker), approved=None, until=None)
    assert may_approve(approver, asked, PEOPLE, RULES) == (why_not is None)


def test_only_whose_role_may_ask_asks() -> None:
    assert [each.id for each in PEOPLE.values() if may_ask(each, RULES)] == [OFFICER.id, DPO.id]
    parts = {each.id for each in PEOPLE.values() if takes_part(each, RULES)}
    assert parts == {OFFICER.id, DPO.id, GUARDIAN.id, CHAIR.id}


def test_it_is_reviewed_by_the_chair_and_by_neither_of_the_two() -> None:
    reviewers = [each.id for each in PEOPLE.values() if may_review(each, override(), PEOPLE, RULES)]
    assert reviewers == [CHAIR.id]
    both = replace(CHAIR, offices=frozenset({Office.CHAIR, Office.CALDICOTT_GUARDIAN}))
    theirs = override(approved=step(both))
    assert not may_review(both, theirs, PEOPLE, RULES)
    assert not may_review(replace(CHAIR, area="elsewhere"), override(), PEOPLE, RULES)


# For how long -----------------------------------------------------------------------------------


def view_at(made: GovernanceOverride, after: timedelta) -> set[PersonId]:
    return {each.id for each in PEOPLE.values() if may_view(each, made, PEOPLE, RULES, NOW + after)}


def test_both_and_nobody_else_for_twenty_four_hours() -> None:
    both = {OFFICER.id, GUARDIAN.id}
    assert timedelta(hours=24) == HOURS
    for after in (timedelta(0), HOURS - timedelta(microseconds=1)):
        assert view_at(override(), after) == both
    assert view_at(override(), HOURS) == set()
    assert view_at(override(), timedelta(days=9)) == set()
    assert view_at(override(approved=None, until=None), timedelta(0)) == set()
    assert view_at(override(ended=NOW), timedelta(0)) == set()


def test_a_row_that_says_longer_lasts_no_longer_than_the_rule() -> None:
    made = override(until=NOW + timedelta(days=30))
    assert made.state(NOW + HOURS) is GovernanceState.OPEN
    assert view_at(made, HOURS) == set()


def test_who_has_lost_the_office_views_no_more_and_neither_does_the_other() -> None:
    left = {**PEOPLE, GUARDIAN.id: replace(GUARDIAN, offices=frozenset())}
    gone = {name: each for name, each in PEOPLE.items() if name != GUARDIAN.id}
    for people in (left, gone):
        assert not may_view(OFFICER, override(), people, RULES, NOW)


# What -------------------------------------------------------------------------------------------


def test_what_no_cap_holds_back_is_viewed_in_full() -> None:
    concern = notified(level=Level.SIGNIFICANT_HARM)
    shown = extents(seen(concern, confirmed(concern, Level.SIGNIFICANT_HARM)))
    capped = {C.REFERRER: EXISTENCE, C.POLICE_INTELLIGENCE: SUMMARY}
    assert shown == {**dict.fromkeys(C, FULL), **capped}


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("viewer", [OFFICER, DPO, GUARDIAN], ids=lambda person: str(person.id))
def test_of_a_protected_child_no_words_and_never_where(level: Level, viewer: Person) -> None:
    """Case 16. Neither childrens services' own right nor an allow-list opens more to who views."""
    listed = frozenset({viewer.organisation})
    protected: dict[str, Any] = {"protected": {CHILD: listed}, "areas": {CHILD: viewer.area}}
    for concern, what in (
        (notified(level=level), protected),
        (routed(notified(level=level), location_protected=True, allow_list=listed), {}),
        (notified(level=level), {**protected, "match": unsure()}),
    ):
        shown = extents(seen(concern, said(), viewer=viewer, **what))
        assert C.PROTECTED_LOCATION not in shown
        assert max(shown.values()) is SUMMARY
        assert shown[C.NARRATIVE] is SUMMARY


def test_another_concern_that_says_the_location_is_protected_binds_this_one() -> None:
    where = situation(notified(level=Level.SIGNIFICANT_HARM))
    assert not asked_of(where, OFFICER).location_barred
    assert asked_of(where, OFFICER, protected=True).location_barred


def test_who_views_from_another_area_sees_nothing_of_a_protected_child() -> None:
    nobody = frozenset[OrganisationId]()
    protected: dict[str, Any] = {"protected": {CHILD: nobody}, "areas": {CHILD: "northmoor"}}
    assert seen(notified(level=Level.SIGNIFICANT_HARM), **protected) is None


def test_a_seal_stays_shut_though_the_court_named_the_viewers_organisation() -> None:
    named = frozenset({OFFICER.organisation})
    sealed = routed(notified(level=Level.EMERGENCY), sealed=True, named_recipients=named)
    assert seen(sealed, said()) is None


def test_who_is_in_conflict_sees_nothing() -> None:
    concern = notified(level=Level.SIGNIFICANT_HARM)
    route = routed(concern, excluded={GUARDIAN.organisation: "relative_there"})
    assert seen(route, viewer=GUARDIAN) is None
    assert seen(route, viewer=OFFICER) is not None
    accused = alleged(GUARDIAN.id)
    assert seen(concern, accused, viewer=GUARDIAN) is None
    assert seen(concern, accused, viewer=OFFICER) is not None
    cleared = alleged(GUARDIAN.id, stands=False, made=NOW)
    assert seen(concern, accused, cleared, viewer=GUARDIAN) is not None


def test_sensitive_health_waits_for_agreement_below_significant_harm() -> None:
    concern = notified(born="2009-01-20")
    assert C.SENSITIVE_HEALTH not in extents(seen(concern))
    refused = young(ConsentState.REFUSED)
    assert C.SENSITIVE_HEALTH not in extents(seen(concern, refused))
    agreed = young(categories=frozenset({C.SENSITIVE_HEALTH}))
    assert extents(seen(concern, agreed))[C.SENSITIVE_HEALTH] is FULL


def test_a_judgement_of_detriment_holds_for_whose_organisation_it_names() -> None:
    concern = notified(level=Level.SIGNIFICANT_HARM)
    judged = harmful(concern, organisation=OFFICER.organisation)
    assert set(extents(seen(concern, judged)).values()) == {EXISTENCE}
    assert FULL in extents(seen(concern, judged, viewer=GUARDIAN)).values()


# Never more than the caps, whatever is asked ---------------------------------------------------

FLAGS = st.fixed_dictionaries(
    {
        "sealed": st.booleans(),
        "excluded": st.booleans(),
        "protected": st.booleans(),
        "elsewhere": st.booleans(),
        "detriment": st.booleans(),
        "agreed": st.booleans(),
        "level": st.sampled_from(Level),
        "state": st.sampled_from(LevelState),
        "viewer": st.sampled_from([OFFICER, DPO, GUARDIAN]),
    }
)


def most(drawn: dict[str, Any]) -> dict[Category, Extent]:
    """At most, by DOMAIN.md 4.1: written down, not asked."""
    barred = drawn["protected"]
    if drawn["sealed"] or drawn["excluded"] or (barred and drawn["elsewhere"]):  # K1, K2, area
        return dict.fromkeys(Category, NOTHING)
    left = dict.fromkeys(Category, FULL)
    if barred:  # K3, K6
        left = dict.fromkeys(Category, SUMMARY) | {C.PROTECTED_LOCATION: NOTHING}
    if drawn["level"] < Level.SIGNIFICANT_HARM and not drawn["agreed"]:  # K4
        left[C.SENSITIVE_HEALTH] = NOTHING
    left[C.REFERRER] = min(left[C.REFERRER], EXISTENCE)  # K7
    left[C.POLICE_INTELLIGENCE] = min(left[C.POLICE_INTELLIGENCE], SUMMARY)
    if drawn["detriment"]:  # K5
        left = {each: min(extent, EXISTENCE) for each, extent in left.items()}
    return left


def drawn_view(drawn: dict[str, Any], by: Policies | None = None) -> ViewedConcern | None:
    viewer: Person = drawn["viewer"]
    concern = notified(level=drawn["level"], level_state=drawn["state"])
    excluded = {viewer.organisation: "other"} if drawn["excluded"] else {}
    concern = routed(concern, sealed=drawn["sealed"], excluded=excluded)
    judged = [harmful(concern, organisation=viewer.organisation)] if drawn["detriment"] else []
    agreed = [said()] if drawn["agreed"] else []
    return seen(
        concern,
        *judged,
        *agreed,
        viewer=viewer,
        by=by,
        decided=[told_everything()],
        protected={CHILD: frozenset[OrganisationId]()} if drawn["protected"] else {},
        areas={CHILD: "northmoor" if drawn["elsewhere"] else viewer.area},
    )


def told_everything() -> Decided:
    """The hub was told everything in full, each category because of a policy of its own name."""
    because = {each: Because(permits=(PolicyId(f"because-{each}"),)) for each in Category}
    ruling = Ruling(
        extents=dict.fromkeys(Category, FULL),
        because=because,
        policy=PolicyVersion("p"),
        level_used=Level.SIGNIFICANT_HARM,
    )
    return Decided(
        organisation=OrganisationId("org:la:999"),
        role=Role.MASH_SCREENER,
        at=NOW,
        outcome="disclosed",
        ground=None,
        ruling=ruling,
        told=frozenset(Category),
    )


def beyond(found: ViewedConcern | None, left: dict[Category, Extent]) -> list[str]:
    """Every way in which a view shows more than what is left."""
    if found is None:
        return []
    past = [f"{each} shown" for each, extent in extents(found).items() if extent > left[each]]
    past += [
        f"{each.category} words" for each in found.told if each.full and left[each.category] < FULL
    ]
    for line in found.decisions:
        past += [f"{each} in who was told" for each in line.told if left[each] is NOTHING]
        past += [f"{each} in because" for each in line.because if left[each] is NOTHING]
    if all(extent is NOTHING for extent in left.values()):
        past.append("that there is a concern")
    return past


@given(drawn=FLAGS)
def test_a_view_never_shows_more_than_every_cap_leaves(drawn: dict[str, Any]) -> None:
    assert beyond(drawn_view(drawn), most(drawn)) == []


def without(folder: Path, restriction: str) -> Policies:
    """The policies in force, less one file of their forbids."""
    shutil.copytree(str(files("policies")), folder, dirs_exist_ok=True)
    (folder / "restrictions" / restriction).unlink()
    return CompiledPolicies(read_bundle(folder))


@pytest.mark.parametrize(
    ("restriction", "changed"),
    [
        ("sealed.cedar", {"sealed": True}),
        ("conflict-of-interest.cedar", {"excluded": True}),
        ("protected-location.cedar", {"protected": True}),
        ("outside-area.cedar", {"protected": True, "elsewhere": True}),
        ("sensitive-health.cedar", {"level": Level.CHILD_IN_NEED}),
        ("detriment.cedar", {"detriment": True}),
        ("protected-source.cedar", {}),
    ],
)
def test_each_cap_comes_from_its_policy_and_from_nowhere_else(
    tmp_path: Path, restriction: str, changed: dict[str, Any]
) -> None:
    drawn = {
        **dict.fromkeys(
            ("sealed", "excluded", "protected", "elsewhere", "detriment", "agreed"), False
        ),
        "level": Level.SIGNIFICANT_HARM,
        "state": LevelState.CONFIRMED,
        "viewer": OFFICER,
        **changed,
    }
    assert beyond(drawn_view(drawn), most(drawn)) == []
    assert beyond(drawn_view(drawn, without(tmp_path, restriction)), most(drawn)) != []


def test_a_blind_category_is_never_named_where_only_its_existence_is_left() -> None:
    concern = notified(level=Level.SIGNIFICANT_HARM)
    judged = harmful(concern, organisation=OFFICER.organisation)
    found = seen(concern, judged, decided=[told_everything()])
    assert found is not None
    assert RULES.blind.isdisjoint(each for each in found.held if each is not None)
    assert None in found.held
    (line,) = found.decisions
    assert RULES.blind.isdisjoint(line.told)
    assert RULES.blind.isdisjoint(line.because)


def test_what_is_not_there_is_neither_shown_nor_said_to_be_held() -> None:
    found = seen(notified(level=Level.SIGNIFICANT_HARM, categories=[C.IDENTITY, C.NARRATIVE]))
    assert set(extents(found)) == {C.IDENTITY, C.NARRATIVE}


def test_no_words_are_in_a_repr() -> None:
    made = override(purpose="words that tell", review_words="words that tell")
    found = seen(notified(level=Level.SIGNIFICANT_HARM))
    assert "words that tell" not in repr(made)
    assert found is not None
    for each in found.told:
        assert "summary=" not in repr(each)
        assert "full=" not in repr(each)


# At the console -----------------------------------------------------------------------------------


class Front:
    """Somebody signed in, under rules that may be out of reach; and what was written down."""

    def __init__(self, person: Person, rules: Callable[[], Rules]) -> None:
        self.person, self.rules = person, rules
        self.attempts = list[tuple[PersonId, str]]()

    def now(self) -> datetime:
        return NOW

    async def who(self, request: Request) -> SignedIn:
        del request
        return SignedIn(self.person, "csrf", "cookie")

    async def attempted_alert(self, person: Person, alert: AlertId, now: datetime) -> None:
        del now
        self.attempts.append((person.id, alert))


async def opens_an_alert(person: Person, rules: Callable[[], Rules]) -> Front:
    front: Any = Front(person, rules)
    places = Places(directory=PLACES, names={}, people=PEOPLE)
    pages = GovernancePages(frame=front, governing=front, places=places)
    await pages.attempts(Request({"type": "http", "path_params": {"alert": "a1"}}))
    opened: Front = front
    return opened


async def test_whoever_may_ask_and_opens_an_alert_is_written_down() -> None:
    opened = await opens_an_alert(OFFICER, lambda: RULES)
    assert opened.attempts == [(OFFICER.id, "a1")]
    assert (await opens_an_alert(WORKER, lambda: RULES)).attempts == []


async def test_while_nothing_can_be_decided_a_practitioner_still_gets_their_page() -> None:
    def unusable() -> Rules:
        raise PolicySetInvalid("policies_not_in_force")

    for person in (WORKER, OFFICER):
        assert (await opens_an_alert(person, unusable)).attempts == []
