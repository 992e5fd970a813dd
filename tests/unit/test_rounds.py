"""Deciding again: what waits does not leave, what left is recalled, nothing is told twice."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.directory import who_might_need_to_know
from broker.disclosure import redact
from broker.domain.batch import (
    Again,
    Cause,
    Disclosure,
    Earlier,
    Genuine,
    Refusal,
    Stands,
    Told,
)
from broker.domain.identity import Appearance, Keys
from broker.domain.known import Relationship
from broker.domain.notification import Notification
from broker.domain.sharing import Statement
from broker.domain.words import Category, ConsentState, Level, ReviewOutcome
from broker.journey import decide
from broker.rounds import again
from tests.unit.sharing import (
    EARLIER,
    NOW,
    PRACTICE,
    REGISTERED,
    SURE,
    confirmed,
    notified,
    overriding,
    policies,
    reviewed,
    said,
    situation,
)

GIVEN, WITHDRAWN = ConsentState.GIVEN, ConsentState.WITHDRAWN
FACTS = Cause(why="facts")
TAKEN_BACK = Cause(why="consent.recorded", recalls_agreement=True)
CONCERN = notified(categories=(Category.IDENTITY, Category.NARRATIVE, Category.CHILD_HEALTH))
HARM = confirmed(CONCERN, Level.SIGNIFICANT_HARM)


def told_first(
    notification: Notification, *statements: Statement, waiting: bool = False
) -> list[Told]:
    """What a first round told everybody."""
    where = situation(notification, *statements)
    asked = who_might_need_to_know(
        notification, SURE, where.known, rules=where.rules, directory=where.directory
    )
    found = []
    for decision in decide(asked, policies()):
        result = redact(notification, decision, where.rules)
        if isinstance(result, Disclosure):
            found.append(
                Told(
                    disclosure=result.id,
                    decision_id=result.decision_id,
                    recipient=decision.recipient,
                    claims=frozenset(result.claims),
                    held=frozenset(result.held),
                    waiting=waiting,
                    needs_agreement=decision.needs_agreement,
                    overrides={
                        category: override
                        for category, override in decision.candidate.rests.overrides.items()
                        if category in decision.needs_override
                    },
                )
            )
    return found


def decided_again(
    told: Sequence[Told],
    *statements: Statement,
    cause: Cause = FACTS,
    relationships: Iterable[Relationship] = (REGISTERED,),
    later: timedelta = timedelta(0),
) -> Again:
    genuine = Genuine(
        notification=CONCERN,
        asked=Appearance(),
        keys=Keys(),
        token_sha256=b"",
        topic="",
        partition=0,
        offset=0,
    )
    where = situation(CONCERN, *statements, relationships=relationships, at=NOW + later)
    return again(
        Earlier(genuine=genuine, match=SURE, round=1, told=told),
        where.known,
        cause=cause,
        policies=policies(),
        rules=where.rules,
        directory=where.directory,
    )


def of_practice(made: Again) -> Disclosure | Refusal | Stands:
    (found,) = [each for each in made.results if each.decision.recipient == PRACTICE]
    return found


def taken_back(made: timedelta = timedelta(0)) -> Statement:
    return said(WITHDRAWN, made=NOW + made)


AGREED = [said(GIVEN, made=EARLIER), confirmed(CONCERN, Level.CHILD_IN_NEED)]


def test_what_was_told_stands_and_is_not_told_again() -> None:
    made = decided_again(told_first(CONCERN, HARM), HARM)
    assert made.round == 2
    assert {type(each) for each in made.results} == {Stands}
    assert not made.recalls
    assert not made.superseded


def test_more_is_told_to_whoever_may_know_more_now() -> None:
    told = told_first(CONCERN, AGREED[1])  # existence, without agreement
    result = of_practice(decided_again(told, HARM))
    assert isinstance(result, Disclosure)
    assert "narrative.summary" in result.claims


def test_what_waits_does_not_leave_and_the_new_decision_stands_in_its_place() -> None:
    helping = [AGREED[0], confirmed(CONCERN, Level.EARLY_HELP)]
    told = told_first(CONCERN, *helping, waiting=True)
    made = decided_again(told, *helping, taken_back(), cause=TAKEN_BACK)
    grounds = {each.disclosure: ground for each, ground in made.superseded}
    assert grounds == {each.disclosure: "withdrawn" for each in told}
    result = of_practice(made)
    assert isinstance(result, Refusal)
    assert result.ground == "withdrawn"
    assert not made.recalls


def test_what_has_left_is_recalled_as_far_as_it_rested_on_the_agreement() -> None:
    told = told_first(CONCERN, *AGREED)
    made = decided_again(told, *AGREED, taken_back(), cause=TAKEN_BACK)
    recalled = {each.of.recipient: each for each in made.recalls}
    assert recalled[PRACTICE].ground == "withdrawn"
    assert recalled[PRACTICE].categories == {
        Category.IDENTITY,
        Category.NARRATIVE,
        Category.CHILD_HEALTH,
    }


def test_nothing_is_recalled_twice() -> None:
    told = told_first(CONCERN, *AGREED)
    first = decided_again(told, *AGREED, taken_back(), cause=TAKEN_BACK)
    forgotten = {each.of.disclosure: each.categories for each in first.recalls}
    told = [replace(each, recalled=forgotten.get(each.disclosure, frozenset())) for each in told]
    assert not decided_again(told, *AGREED, taken_back(), cause=TAKEN_BACK).recalls


def test_what_was_recalled_is_told_again_once_it_may_be() -> None:
    told = [replace(each, recalled=each.categories) for each in told_first(CONCERN, *AGREED)]
    result = of_practice(decided_again(told, *AGREED))
    assert isinstance(result, Disclosure)
    assert "identity.full" in result.claims


def test_an_agreement_that_ran_out_recalls_nothing() -> None:
    until = EARLIER + timedelta(days=20)
    agreed = [said(GIVEN, made=EARLIER, until=until), AGREED[1]]
    told = told_first(CONCERN, *agreed)
    made = decided_again(told, *agreed, later=timedelta(days=30), cause=Cause(why="lapsed"))
    assert not made.recalls


def test_at_significant_harm_a_withdrawal_recalls_nothing() -> None:
    """What was told may be told without agreement now, so nothing of it is tainted."""
    told = told_first(CONCERN, *AGREED)
    made = decided_again(told, *AGREED, HARM, taken_back(), cause=TAKEN_BACK)
    assert not made.recalls


@pytest.mark.parametrize("outcome", [ReviewOutcome.UPHELD, ReviewOutcome.NOT_JUSTIFIED])
def test_an_override_recalls_what_rested_on_it_only_if_it_was_not_justified(
    outcome: ReviewOutcome,
) -> None:
    override = overriding(CONCERN, Category.IDENTITY, Category.NARRATIVE)
    told = told_first(CONCERN, AGREED[1], override)
    recalls = override.id if outcome is ReviewOutcome.NOT_JUSTIFIED else None
    made = decided_again(
        told,
        AGREED[1],
        override,
        reviewed(CONCERN, outcome),
        cause=Cause(why="override.reviewed", recalls_override=recalls),
    )
    recalled = {each.of.recipient: each.categories for each in made.recalls}
    expected = {PRACTICE: {Category.IDENTITY, Category.NARRATIVE}} if recalls else {}
    assert recalled == expected


def test_whoever_is_no_candidate_any_more_is_told_nothing_new() -> None:
    """Not even that there is more: no relationship, no push (DOMAIN.md 2.4)."""
    told = told_first(CONCERN, AGREED[1])
    made = decided_again(told, HARM, relationships=())
    result = of_practice(made)
    assert isinstance(result, Refusal)
    assert result.ground == "no_relationship"
    assert not made.recalls


def test_whoever_is_no_candidate_any_more_is_still_recalled() -> None:
    told = told_first(CONCERN, *AGREED)
    made = decided_again(told, *AGREED, taken_back(), cause=TAKEN_BACK, relationships=())
    assert PRACTICE in {each.of.recipient for each in made.recalls}


@given(
    st.lists(
        st.sampled_from(
            [
                *AGREED,
                HARM,
                taken_back(),
                overriding(CONCERN, Category.NARRATIVE),
                confirmed(CONCERN, Level.EARLY_HELP),
            ]
        ),
        max_size=4,
    ),
    st.booleans(),
    st.booleans(),
)
def test_every_recipient_has_one_result_and_nothing_passes_beyond_its_decision(
    statements: list[Statement],
    waiting: bool,  # noqa: FBT001 - drawn
    related: bool,  # noqa: FBT001 - drawn
) -> None:
    told = told_first(CONCERN, *AGREED, waiting=waiting)
    relationships = (REGISTERED,) if related else ()
    made = decided_again(told, *statements, relationships=relationships)
    recipients = [each.decision.recipient for each in made.results]
    assert len(recipients) == len(set(recipients))
    assert {each.recipient for each in told} <= set(recipients)
    for each in made.results:
        if isinstance(each, Disclosure):
            assert each.decision.candidate.why != "told_before"
            for name in each.claims:
                category, _, part = name.partition(".")
                extent = each.decision.ruling.extents[Category(category)].value
                assert part in {"full": ("summary", "full"), "summary": ("summary",)}[extent]
