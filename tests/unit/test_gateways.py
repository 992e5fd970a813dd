"""When the broker establishes a gateway: by the law in force, the facts, and who is named."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from broker.domain.decision import GatewayRule, Recipient
from broker.domain.ids import NotificationId, OrganisationId, Pseudonym, SubjectId, ThreadId
from broker.domain.known import Directory, Known, Match, MatchState
from broker.domain.notification import Notification, Routing
from broker.domain.rules import Period
from broker.domain.words import (
    Agency,
    ConsentState,
    EventType,
    Gateway,
    Level,
    LevelState,
    RelationshipKind,
    Role,
    Urgency,
)
from broker.policy import read_bundle
from broker.question import Situation, established

RULES = read_bundle().rules
GATEWAYS = RULES.gateways
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
WORK = OrganisationId("org:local:marlhaven-social-work")
OTHER = OrganisationId("org:local:aldermoor-social-work")


def said(
    agency: Agency,
    gateway: Gateway,
    claims: dict[str, object] | None = None,
    named: frozenset[OrganisationId] = frozenset(),
) -> Notification:
    return Notification(
        id=NotificationId("n" * 26),
        thread=ThreadId("t" * 26),
        type=EventType.CONCERN_RAISED,
        publisher=OrganisationId("org:la:999"),
        agency=agency,
        source="/test",
        pseudonym=Pseudonym("ps:" + "p" * 22),
        level=Level.CHILD_IN_NEED,
        level_state=LevelState.CONFIRMED,
        urgency=Urgency.ROUTINE,
        reference="C-1",
        issued=NOW,
        received=NOW,
        routing=Routing(
            consent_state=ConsentState.NOT_REQUIRED_STATUTORY,
            gateway=gateway,
            named_recipients=named,
        ),
        claims=claims or {},
        token="",
    )


def opened(
    notification: Notification,
    role: Role,
    kind: RelationshipKind = RelationshipKind.NONE,
    *,
    organisation: OrganisationId = WORK,
    at: datetime = NOW,
    gateways: Sequence[GatewayRule] = GATEWAYS,
) -> Gateway:
    recipient = Recipient(organisation=organisation, role=role, agency=Agency.CHILDRENS_SERVICES)
    situation = Situation(
        notification=notification,
        match=Match(subject=SubjectId("s_child"), state=MatchState.KNOWN, why="test"),
        known=Known(now=at, unused={}),
        rules=replace(RULES, gateways=gateways),
        directory=Directory(bodies={}, on_duty={}),
    )
    found = established(situation, recipient, kind)
    return Gateway.NONE if found is None else found.gateway


def statuses(*listed: str) -> dict[str, object]:
    return {"care_status.summary": {"statuses": [{"status": each} for each in listed]}}


ENQUIRED = RelationshipKind.OPEN_ENQUIRY


@pytest.mark.parametrize(
    ("named", "organisation", "kind", "gateway"),
    [
        ({WORK}, WORK, ENQUIRED, Gateway.SECTION_47_REQUEST),
        ({WORK, OTHER}, OTHER, ENQUIRED, Gateway.SECTION_47_REQUEST),
        ({WORK}, OTHER, ENQUIRED, Gateway.NONE),  # another authority's enquiry did not ask
        (set(), WORK, ENQUIRED, Gateway.NONE),
        ({WORK}, WORK, RelationshipKind.ALLOCATED, Gateway.NONE),  # named, and no enquiry open
    ],
)
def test_a_section_47_request_answers_only_the_organisation_that_asked_and_has_an_open_enquiry(
    named: set[OrganisationId],
    organisation: OrganisationId,
    kind: RelationshipKind,
    gateway: Gateway,
) -> None:
    answer = said(Agency.HEALTH, Gateway.SECTION_47_REQUEST, named=frozenset(named))
    assert opened(answer, Role.SOCIAL_WORKER, kind, organisation=organisation) is gateway


@pytest.mark.parametrize(
    ("listed", "gateway"),
    [
        (["child_protection_plan"], Gateway.CP_IS_FLAG),
        (["child_in_need", "looked_after"], Gateway.CP_IS_FLAG),
        (["child_protection_plan_unborn"], Gateway.CP_IS_FLAG),
        (["child_in_need", "section_47_enquiry", "early_help_plan"], Gateway.NONE),
        ([], Gateway.NONE),
    ],
)
def test_cp_is_flags_a_plan_or_a_child_looked_after_and_nothing_less(
    listed: list[str], gateway: Gateway
) -> None:
    flag = said(Agency.CHILDRENS_SERVICES, Gateway.CP_IS_FLAG, statuses(*listed))
    assert opened(flag, Role.UNSCHEDULED_CARE) is gateway
    assert opened(flag, Role.GP) is Gateway.NONE
    by_health = said(Agency.HEALTH, Gateway.CP_IS_FLAG, statuses(*listed))
    assert opened(by_health, Role.UNSCHEDULED_CARE) is Gateway.NONE


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"care_status.summary": {}},
        {"care_status.summary": {"statuses": ["looked_after"]}},
        {"care_status.summary": {"statuses": [{"abuse": "looked_after"}]}},
        {"care_status.summary": "looked_after"},
        {"care_status.full": {"statuses": [{"status": "looked_after"}]}},
    ],
)
def test_a_status_anywhere_else_than_in_its_place_flags_nobody(claims: dict[str, object]) -> None:
    flag = said(Agency.CHILDRENS_SERVICES, Gateway.CP_IS_FLAG, claims)
    assert opened(flag, Role.UNSCHEDULED_CARE) is Gateway.NONE


def test_police_protection_is_told_both_ways_where_it_was_used() -> None:
    used: dict[str, object] = {"police_incident.summary": {"police_protection_used": True}}
    gateway = Gateway.POLICE_PROTECTION_46
    assert opened(said(Agency.POLICE, gateway, used), Role.MASH_SCREENER) is gateway
    back = said(Agency.CHILDRENS_SERVICES, gateway, statuses("police_protection"))
    assert opened(back, Role.POLICE_PROTECTION) is gateway
    for not_used in ({}, statuses("looked_after"), used):
        said_so = said(Agency.CHILDRENS_SERVICES, gateway, not_used)
        assert opened(said_so, Role.POLICE_PROTECTION) is Gateway.NONE


def test_an_acknowledgement_goes_to_professional_roles_and_only_from_childrens_services() -> None:
    gateway = Gateway.REFERRAL_ACKNOWLEDGEMENT
    answer = said(Agency.CHILDRENS_SERVICES, gateway)
    assert opened(answer, Role.GP, RelationshipKind.REGISTERED) is gateway
    assert opened(answer, Role.GOVERNANCE_OFFICER) is Gateway.NONE
    assert opened(said(Agency.HEALTH, gateway), Role.GP) is Gateway.NONE


def test_encompass_before_its_day_opens_nothing() -> None:
    gateway = Gateway.OPERATION_ENCOMPASS
    incident = said(Agency.POLICE, gateway, {"police_incident.summary": {"kind": "domestic_abuse"}})
    lead, enrolled = Role.DESIGNATED_SAFEGUARDING_LEAD, RelationshipKind.ENROLLED
    before = datetime(2025, 11, 6, 23, 59, tzinfo=UTC)
    assert opened(incident, lead, enrolled) is gateway
    assert opened(incident, lead, enrolled, at=before) is Gateway.NONE


@pytest.mark.parametrize("proposed", [Gateway.NONE, Gateway.DUTY_TO_SHARE_16LA])
def test_the_duty_to_share_is_established_on_no_day_while_it_is_not_commenced(
    proposed: Gateway,
) -> None:
    for year in (2026, 2100):
        at = datetime(year, 1, 1, tzinfo=UTC)
        assert opened(said(Agency.HEALTH, proposed), Role.MASH_SCREENER, at=at) is Gateway.NONE


def test_once_commenced_the_duty_to_share_stands_behind_all_that_no_other_gateway_carries() -> None:
    day = datetime(2027, 4, 1, tzinfo=UTC)
    commenced = [
        rule if rule.commenced else replace(rule, commenced=Period(since=day)) for rule in GATEWAYS
    ]
    silent, duty = said(Agency.HEALTH, Gateway.NONE), Gateway.DUTY_TO_SHARE_16LA
    assert opened(silent, Role.GP, at=day, gateways=commenced) is duty
    assert opened(silent, Role.GP, at=NOW, gateways=commenced) is Gateway.NONE
    flag = said(Agency.CHILDRENS_SERVICES, Gateway.CP_IS_FLAG, statuses("looked_after"))
    assert opened(flag, Role.UNSCHEDULED_CARE, at=day, gateways=commenced) is Gateway.CP_IS_FLAG
