"""Whose wish counts, and what never may: the rules of consent as properties and as instants."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.consent import Who, who_in
from broker.domain.sharing import Directive
from broker.domain.words import (
    Capacity,
    Category,
    ConsentState,
    DirectiveKind,
    Level,
    RelationshipKind,
    Role,
)
from broker.question import question
from tests.unit.sharing import (
    EARLIER,
    NOW,
    PRACTICE,
    SCREENER,
    alleged,
    notified,
    policies,
    said,
    situation,
    wished,
    young,
)

GIVEN, REFUSED, WITHDRAWN = ConsentState.GIVEN, ConsentState.REFUSED, ConsentState.WITHDRAWN
FAMILYS = frozenset(Category) - {
    Category.ADULT_HEALTH,
    Category.OFFENCES,
    Category.REFERRER,
}
"""What a parent of a child under thirteen answers for."""

MOMENTS = st.integers(0, 9 * 24).map(lambda hours: EARLIER + timedelta(hours=hours))
CATEGORIES = st.none() | st.frozensets(st.sampled_from(Category), min_size=1, max_size=5)
RECIPIENTS = st.sampled_from([None, frozenset({"role:gp"}), frozenset({"role:health_visitor"})])


@st.composite
def directives(draw: st.DrawFn) -> Directive:
    capacity = draw(st.sampled_from(Capacity))
    made = draw(MOMENTS)
    until = draw(st.none() | st.integers(1, 20).map(lambda days: made + timedelta(days=days)))
    return said(
        draw(st.sampled_from(ConsentState)),
        person=draw(st.sampled_from(["mother", "father", "rowan"])),
        capacity=capacity,
        made=made,
        number=draw(st.integers(0, 99)),
        assessed_by=draw(st.sampled_from([None, "Dr Okafor-Lind"])),
        categories=draw(CATEGORIES),
        recipients=draw(RECIPIENTS),
        until=until,
        kind=draw(st.sampled_from(DirectiveKind)),
    )


BORN = st.sampled_from(["2020-01-01", "2011-05-05", "2009-12-31", "2005-01-01", None])
STATED = st.sampled_from(ConsentState)


@given(st.lists(directives(), max_size=4), BORN, STATED)
def test_in_which_order_statements_arrive_does_not_matter(
    spoken: list[Directive], born: str | None, stated: ConsentState
) -> None:
    notification = notified(born=born, stated=stated)
    first, *others = (wished(notification, *order) for order in permutations(spoken))
    assert all(each == first for each in others)


@given(st.lists(directives(), max_size=4), BORN, STATED)
def test_nobody_both_agrees_and_refuses_and_what_is_weighed_is_refused(
    spoken: list[Directive], born: str | None, stated: ConsentState
) -> None:
    found = wished(notified(born=born, stated=stated), *spoken)
    assert not found.agreed & found.refused
    assert found.weighed <= found.refused


@given(
    st.lists(directives(), max_size=4),
    BORN,
    st.sampled_from([Level.SIGNIFICANT_HARM, Level.EMERGENCY]),
    st.sampled_from(Role),
)
def test_from_significant_harm_no_wish_changes_an_extent(
    spoken: list[Directive], born: str | None, level: Level, role: Role
) -> None:
    recipient = type(PRACTICE)(
        organisation=PRACTICE.organisation, role=role, agency=PRACTICE.agency
    )
    told = []
    for statements in ([], spoken):
        there = situation(notified(born=born, level=level), *statements)
        asked, _ = question(there, recipient, RelationshipKind.REGISTERED)
        ruling = policies().decide(asked)
        if ruling.level_used >= Level.SIGNIFICANT_HARM:
            told.append(ruling.extents)
    assert all(each == told[0] for each in told)


@given(st.lists(directives(), max_size=3), BORN, directives())
def test_what_an_alleged_source_of_harm_says_changes_nothing(
    spoken: list[Directive], born: str | None, theirs: Directive
) -> None:
    notification, blamed = notified(born=born), alleged(theirs.giver.person)
    assert wished(notification, *spoken, theirs, blamed) == wished(notification, *spoken, blamed)


@given(st.lists(directives(), max_size=4), BORN, STATED)
def test_what_was_said_about_a_doubtful_subject_does_not_count(
    spoken: list[Directive], born: str | None, stated: ConsentState
) -> None:
    notification = notified(born=born, stated=stated)
    found = wished(notification, *spoken, certain=False)
    assert found == wished(notification, certain=False)
    assert not found.agreed


@given(st.lists(directives(), max_size=4), BORN)
def test_what_the_broker_has_not_had_yet_does_not_count(
    spoken: list[Directive], born: str | None
) -> None:
    before = min((each.recorded for each in spoken), default=NOW) - timedelta(microseconds=1)
    assert wished(notified(born=born), *spoken, at=before) == wished(notified(born=born), at=before)


@given(directives())
def test_a_competent_young_persons_silence_is_not_a_parents_to_fill(theirs: Directive) -> None:
    if theirs.giver.capacity in policies().rules.consent.competent_capacities:
        return  # that is the young person
    found = wished(notified(born="2009-12-31", stated=GIVEN), theirs)
    of_others = {Category.ADULT_HEALTH, Category.OFFENCES, Category.REFERRER}
    assert found.agreed <= of_others
    assert found.refused <= of_others


@pytest.mark.parametrize("stated", ConsentState)
def test_a_publishers_word_is_not_a_competent_young_persons_agreement(
    stated: ConsentState,
) -> None:
    assert not wished(notified(born="2009-12-31", stated=stated)).agreed


def test_a_competent_young_persons_refusal_beats_both_parents_and_is_weighed() -> None:
    found = wished(
        notified(born="2009-12-31"),
        young(REFUSED, made=EARLIER),
        said(GIVEN, made=EARLIER + timedelta(days=1)),
        said(GIVEN, person="court", capacity=Capacity.COURT, made=EARLIER + timedelta(days=2)),
    )
    assert not found.agreed
    assert found.weighed >= FAMILYS


def test_an_agreement_ends_at_its_instant_and_not_a_moment_before() -> None:
    notification, until = notified(), EARLIER + timedelta(days=3)
    agreed = said(GIVEN, until=until)
    before = wished(notification, agreed, at=until - timedelta(microseconds=1))
    assert before.agreed == FAMILYS
    assert before.good_until == until
    assert not wished(notification, agreed, at=until).agreed


def test_an_agreement_begins_at_its_instant() -> None:
    since = NOW + timedelta(hours=1)
    agreed = said(GIVEN, since=since)
    assert not wished(notified(), agreed, at=since - timedelta(microseconds=1)).agreed
    assert wished(notified(), agreed, at=since).agreed == FAMILYS


def test_an_agreement_lasts_six_months_at_most_and_no_longer_than_its_case() -> None:
    agreed, closed = said(GIVEN), EARLIER + timedelta(days=2)
    last = datetime(2027, 5, 14, 12, 0, tzinfo=NOW.tzinfo)
    assert wished(notified(), agreed, at=last - timedelta(microseconds=1)).agreed
    assert not wished(notified(), agreed, at=last).agreed
    assert not wished(notified(), agreed, at=closed, closed=(closed,)).agreed


@pytest.mark.parametrize("state", [REFUSED, WITHDRAWN])
def test_a_refusal_does_not_run_out(state: ConsentState) -> None:
    refused = said(state, until=EARLIER + timedelta(days=1))
    found = wished(notified(), refused, at=NOW + timedelta(days=700))
    assert found.refused >= FAMILYS


def test_that_an_agreement_has_run_out_does_not_bring_an_earlier_refusal_back() -> None:
    refused = said(REFUSED, made=EARLIER)
    agreed = said(GIVEN, made=EARLIER + timedelta(days=1), until=EARLIER + timedelta(days=2))
    found = wished(notified(), refused, agreed)
    assert not found.agreed
    assert not found.refused


def test_a_publishers_word_does_not_outlast_the_agreement_that_it_reports() -> None:
    agreed = said(GIVEN, until=EARLIER + timedelta(days=1))
    assert not wished(notified(stated=GIVEN), agreed).agreed
    assert wished(notified(stated=GIVEN)).agreed


def test_a_publishers_word_does_not_widen_an_agreement_to_others() -> None:
    practice_only = said(GIVEN, recipients=frozenset({"role:gp"}))
    assert wished(notified(stated=GIVEN), practice_only).agreed == FAMILYS
    assert not wished(notified(stated=GIVEN), practice_only, recipient=SCREENER).agreed


def test_a_publisher_who_heard_of_a_refusal_since_is_believed() -> None:
    agreed = said(GIVEN, made=EARLIER)
    assert wished(notified(stated=REFUSED), agreed).refused >= FAMILYS
    later = said(GIVEN, made=NOW)
    assert wished(notified(stated=REFUSED), later).agreed == FAMILYS


def test_two_parents_who_disagree_have_refused_and_a_court_settles_it() -> None:
    both = said(GIVEN), said(REFUSED, person="father")
    assert not wished(notified(), *both).agreed
    for state, agrees in ((GIVEN, True), (REFUSED, False)):
        court = said(state, person="family court", capacity=Capacity.COURT)
        found = wished(notified(), *both, court)
        assert (found.agreed >= FAMILYS) is agrees
        assert (found.refused >= FAMILYS) is not agrees


def test_what_is_no_longer_alleged_counts_again() -> None:
    later = EARLIER + timedelta(days=1)
    statements = said(GIVEN), alleged("mother"), alleged("mother", stands=False, made=later)
    assert not wished(notified(), *statements, at=later - timedelta(seconds=1)).agreed
    assert wished(notified(), *statements, at=later).agreed == FAMILYS


def test_agreeing_to_be_helped_is_not_agreeing_to_share() -> None:
    helped = said(GIVEN, kind=DirectiveKind.SERVICE_AGREEMENT)
    assert not wished(notified(), helped).agreed


@pytest.mark.parametrize(
    ("born", "agrees"), [("2014-01-01", True), ("2012-01-01", False), (None, False)]
)
def test_sensitive_health_is_a_parents_only_under_thirteen(
    born: str | None, *, agrees: bool
) -> None:
    found = wished(notified(born=born), said(GIVEN))
    assert (Category.SENSITIVE_HEALTH in found.agreed) is agrees


def test_competence_under_sixteen_needs_whoever_assessed_it() -> None:
    notification = notified(born="2012-01-01")
    theirs = said(GIVEN, person="rowan", capacity=Capacity.CHILD_U16_COMPETENT)
    assessed = replace(theirs, giver=replace(theirs.giver, assessed_by="Dr Okafor-Lind"))
    assert Category.SENSITIVE_HEALTH in wished(notification, assessed).agreed
    assert not wished(notification, theirs).agreed


def test_one_adult_cannot_agree_for_another_adults_health() -> None:
    adults = [{"relation": each, "kinds": ["other"]} for each in ("mother", "father")]
    parts = {"summary": {"adults": adults}, "full": {"words": "words"}}
    notification = notified(categories={**dict.fromkeys(Category), Category.ADULT_HEALTH: parts})
    mothers = said(GIVEN, capacity=Capacity.ADULT_SELF)
    fathers = said(GIVEN, person="father", capacity=Capacity.ADULT_SELF)
    assert Category.ADULT_HEALTH not in wished(notification, mothers).agreed
    assert Category.ADULT_HEALTH in wished(notification, mothers, fathers).agreed


def test_who_reported_is_agreed_to_by_name_alone() -> None:
    anything = said(GIVEN, person="neighbour", capacity=Capacity.ADULT_SELF)
    named = said(
        GIVEN,
        person="neighbour",
        capacity=Capacity.ADULT_SELF,
        categories=frozenset({Category.REFERRER}),
    )
    assert Category.REFERRER not in wished(notified(), anything).agreed
    assert Category.REFERRER in wished(notified(), named).agreed


def test_an_unborn_childs_mother_speaks_and_an_adult_of_concern_alone_for_themself() -> None:
    mother = said(GIVEN, capacity=Capacity.ADULT_SELF)
    unborn = notified(born=None, kind="unborn")
    assert Category.IDENTITY in wished(unborn, mother).agreed
    adult = notified(born="1990-01-01", kind="adult_of_concern")
    assert Category.IDENTITY not in wished(adult, said(GIVEN)).agreed
    assert Category.IDENTITY in wished(adult, mother).agreed


def test_growing_older_ends_what_rests_on_a_parents_word() -> None:
    birthday = datetime(2026, 12, 24, tzinfo=NOW.tzinfo)
    agreed = said(GIVEN)
    found = wished(notified(born="2010-12-24"), agreed)
    assert found.agreed
    assert found.good_until == birthday
    assert not wished(notified(born="2010-12-24"), agreed, at=birthday).agreed


def test_a_purpose_that_the_level_is_not_for_does_not_count() -> None:
    helping = said(GIVEN, purpose="family_support")
    assert wished(notified(level=Level.EARLY_HELP), helping).agreed
    assert not wished(notified(level=Level.EARLY_HELP), said(GIVEN, purpose="research")).agreed


@pytest.mark.parametrize(("born", "age"), [("2008-02-29", 17), ("2008-03-01", 17), (None, None)])
def test_an_age_is_in_whole_years(born: str | None, age: int | None) -> None:
    who = who_in(notified(born=born))
    assert who.age(datetime(2026, 2, 28, tzinfo=NOW.tzinfo).date()) == age
    if born == "2008-02-29":
        assert str(who.birthday(18)) == "2026-03-01"


def test_of_a_partial_birth_date_the_child_may_be_older() -> None:
    """The earliest day that it can be: doubt makes a young person competent sooner, not later."""
    who = who_in(notified(born="2010-11"))
    assert who.age(NOW.date()) == 16
    assert Who(kind="unborn", born=who.born).age(NOW.date()) is None


def test_a_wish_counts_from_when_the_broker_has_it_and_not_from_when_it_was_made() -> None:
    had = NOW + timedelta(hours=1)
    agreed = said(GIVEN, made=EARLIER, recorded=had)
    assert not wished(notified(), agreed, at=had - timedelta(microseconds=1)).agreed
    assert wished(notified(), agreed, at=had).agreed == FAMILYS
