"""Forms and pages about sharing, as values: what is read, offered, kept, shown and not shown."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from broker.console import words
from broker.console.asked import begun, every, filled, moment
from broker.console.chronology import Entry, entries
from broker.console.places import Places
from broker.console.questions import Setting
from broker.console.say import SAYINGS, saying
from broker.domain.desk import Person
from broker.domain.ids import AlertId, NotificationId, ThreadId
from broker.domain.sharing import (
    Author,
    Confirmation,
    Directive,
    Giver,
    Necessity,
    Override,
    SourceOfHarm,
    Statement,
)
from broker.domain.sharing_desk import About, History, RoundLine, working_days
from broker.domain.words import (
    Capacity,
    Category,
    ConsentState,
    DirectiveKind,
    EventType,
    Extent,
    Level,
    Role,
)
from broker.objections import REASONS
from broker.offers import offered, reviews, sees_figures, sees_recipients
from broker.partnership import read_partnership
from broker.policy import read_bundle
from broker.schemas import fault_in
from tests.world import DIRECTORY, HUB, NOW, SCHOOL, statement

BUNDLE = read_bundle()
RULES = BUNDLE.rules
PARTNERSHIP = read_partnership(DIRECTORY)
PEOPLE = {each.id: each for each in PARTNERSHIP.people}
PLACES = Places(
    directory=PARTNERSHIP.directory(),
    names={each.id: each.name for each in PARTNERSHIP.organisations.values()},
    people=PEOPLE,
)
HERE, ELSEWHERE = ThreadId("a" * 26), ThreadId("b" * 26)
ALL_FULL = dict.fromkeys(Category, Extent.FULL)


def person(named: str) -> Person:
    return next(each for each in PARTNERSHIP.people if each.id == named)


def about(extents: dict[Category, Extent] = ALL_FULL, *, barred: bool = False) -> About:
    return About(
        alert=AlertId("x"),
        thread=HERE,
        reference="7QXK-29TB",
        publisher=SCHOOL,
        level=Level.CHILD_IN_NEED,
        extents={**dict.fromkeys(Category, Extent.NOTHING), **extents},
        location_barred=barred,
    )


def setting(named: str = "hub-okonjo") -> Setting:
    who = person(named)
    return Setting(
        rules=RULES,
        role=who.role,
        about=about(),
        places=PLACES.of_area(who, without=RULES.overrides.figures_for),
        now=NOW,
    )


# What is offered ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "published", "kinds"),
    [
        (Role.GP, False, {EventType.CONSENT_RECORDED}),
        (
            Role.DESIGNATED_SAFEGUARDING_LEAD,
            True,
            {
                EventType.CONSENT_RECORDED,
                EventType.REFUSAL_WEIGHED,
                EventType.DETRIMENT_RECORDED,
                EventType.SOURCE_OF_HARM_RECORDED,
            },
        ),
        (Role.DESIGNATED_SAFEGUARDING_LEAD, False, {EventType.CONSENT_RECORDED}),
    ],
)
def test_a_person_is_offered_what_their_role_may_say(
    role: Role,
    published: bool,  # noqa: FBT001
    kinds: set[EventType],
) -> None:
    assert set(offered(role, RULES, published=published)) == kinds


def test_the_hub_is_offered_everything_and_a_policy_that_changes_changes_that() -> None:
    assert len(offered(Role.MASH_SCREENER, RULES, published=False)) == len(SAYINGS)
    fewer = replace(RULES, overrides=replace(RULES.overrides, may_raise=frozenset()))
    assert EventType.OVERRIDE_RAISED not in offered(Role.MASH_SCREENER, fewer, published=False)


def test_figures_are_for_governance_and_names_of_others_for_those_who_decide() -> None:
    assert sees_figures(Role.GOVERNANCE_OFFICER, RULES)
    assert not sees_figures(Role.MASH_SCREENER, RULES)
    assert reviews(Role.GOVERNANCE_OFFICER, RULES)
    assert not reviews(None, RULES)
    assert sees_recipients(Role.SOCIAL_WORKER, RULES)
    assert not sees_recipients(Role.GP, RULES)


def test_every_reason_for_which_something_is_turned_away_has_plain_words() -> None:
    assert set(REASONS) <= set(words.TURNED_AWAY)


# Forms -------------------------------------------------------------------------------------------

ANSWERS: dict[str, dict[str, str]] = {
    "wish": {
        "person": "J. Fennick",
        "capacity": "child_u16_competent",
        "assessed_by": "Dr L. Oyelaran",
        "question": "May the school know?",
        "state": "refused",
        "categories": "narrative\nchild_health",
        "recipients": "role:gp\norg:ods:RYY",
        "until": "30/6/2027",
        "evidence": "“No.”\r\nTwice.",
        "may_contact": "no",
        "note": "He reads her telephone.",
    },
    "level": {"level": "significant_harm", "words": "Seen today."},
    "necessity": {"words": "The nurse sees her tomorrow."},
    "weighed": {"categories": "narrative", "words": "She is fourteen and alone."},
    "detriment": {"organisation": "org:ods:Y99999", "stands": "yes", "words": "A cousin."},
    "source": {"person": "Craig", "stands": "yes", "words": "She says so."},
    "override": {
        "otherwise": "Nobody would know.",
        "alternatives": "None.",
        "recipients": "org:ods:Y99999 gp",
        "categories": "narrative\nfamily",
        "family": "not_told",
        "family_words": "It would put them at risk.",
        "until": "25/11/2026 12:00",
    },
}


@pytest.mark.parametrize("said", SAYINGS, ids=lambda each: each.slug)
def test_what_a_form_makes_fits_the_schema_of_its_statement(said: Any) -> None:
    form = filled(said.asks(setting()), ANSWERS[said.slug])
    assert not form.errors
    fact, form = said.fact(form, setting())
    assert not form.errors
    data = statement(said.kind, {"concern": HERE, **fact})
    assert fault_in(said.kind, data) is None


@pytest.mark.parametrize("said", SAYINGS, ids=lambda each: each.slug)
def test_with_nothing_written_a_form_says_what_is_needed_and_offers_only_what_may_be(
    said: Any,
) -> None:
    asked = said.asks(setting())
    form = filled(asked, {})
    assert form.errors
    assert set(form.errors) <= {each.name for each in every(asked)}
    foreign = filled(asked, {each.name: "org:ods:RZZ gp\nnonsense" for each in every(asked)})
    for each in every(asked):
        if each.kind in {"one", "some"}:
            assert foreign.some(each.name) == []


def test_a_wish_can_be_recorded_with_one_name_and_one_press() -> None:
    """Everything else is filled in: it takes well under a minute."""
    wish = saying("wish")
    assert wish is not None
    values = {**begun(wish.asks(setting())).values, "person": "the mother", "state": "given"}
    form = filled(wish.asks(setting()), values)
    assert not form.errors
    fact, _ = wish.fact(form, setting())
    assert fault_in(wish.kind, statement(wish.kind, {"concern": HERE, **fact})) is None


def test_words_are_kept_whole_and_what_is_behind_a_choice_counts_only_with_it() -> None:
    wish = saying("wish")
    assert wish is not None
    form = filled(wish.asks(setting()), ANSWERS["wish"])
    fact: Any = wish.fact(form, setting())[0]
    assert fact["directive"]["evidence"] == "“No.”\nTwice."
    assert fact["directive"]["scope"]["categories"] == ["narrative", "child_health"]
    other = filled(wish.asks(setting()), {**ANSWERS["wish"], "categories": "", "capacity": "court"})
    fact = wish.fact(other, setting())[0]
    assert fact["directive"]["scope"]["categories"] == "*"
    assert fact["directive"]["giver"] == {"person": "J. Fennick", "capacity": "court"}


@pytest.mark.parametrize("until", ["24/11/2026 11:59", "2/12/2026 12:01", "tomorrow", ""])
def test_an_override_ends_and_not_too_late(until: str) -> None:
    said = saying("override")
    assert said is not None
    form = filled(said.asks(setting()), {**ANSWERS["override"], "until": until})
    if not form.errors:
        form = said.fact(form, setting())[1]
    assert "until" in form.errors


def test_an_override_is_filled_in_for_the_usual_time() -> None:
    said = saying("override")
    assert said is not None
    (until,) = [each for each in said.asks(setting()) if each.name == "until"]
    assert moment(until.given, UTC) == NOW + RULES.overrides.usual


def test_nobody_can_choose_governance_or_their_own_desk_as_whom_to_tell() -> None:
    named = {each for each, _, _ in setting().places}
    assert "org:local:marlhaven-partnership" not in named
    assert HUB not in named
    assert "org:ods:Y99999" in named


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("29/11/2026 16:35", datetime(2026, 11, 29, 16, 35, tzinfo=UTC)),
        ("29.11.2026", datetime(2026, 11, 29, 23, 59, tzinfo=UTC)),
        ("31/2/2026", None),
        ("", None),
    ],
)
def test_a_moment_as_people_write_it(text: str, at: datetime | None) -> None:
    assert moment(text, UTC) == at


@pytest.mark.parametrize(
    ("since", "until", "days"),
    [
        ("2026-11-27", "2026-11-30", 1),
        ("2026-11-28", "2026-11-29", 0),
        ("2026-11-20", "2026-12-04", 10),
    ],
)
def test_working_days(since: str, until: str, days: int) -> None:
    from datetime import date

    assert working_days(date.fromisoformat(since), date.fromisoformat(until)) == days


# Wishes and decisions ----------------------------------------------------------------------------


def common(number: int, by: str = "hub-okonjo", concern: ThreadId | None = HERE) -> dict[str, Any]:
    author = person(by)
    return {
        "id": NotificationId(f"s{number}"),
        "by": Author(person=author.id, organisation=author.organisation, role=author.role),
        "made": NOW + timedelta(minutes=number),
        "recorded": NOW + timedelta(minutes=number),
        "concern": concern,
    }


def wish(number: int, state: ConsentState, giver: str, categories: Any = None) -> Directive:
    return Directive(
        **common(number),
        kind=DirectiveKind.INFORMATION_AGREEMENT,
        state=state,
        giver=Giver(person=giver, capacity=Capacity.PR_HOLDER),
        categories=categories,
        recipients=None,
        purpose=None,
        since=NOW,
        evidence=f"{giver} said it at the door",
        safety={"note": "Never ring at night"},
    )


def shown(
    *said: Statement, reader: str = "sw-lindqvist", at: About | None = None
) -> Sequence[Entry]:
    history = History(about=at or about(), statements=said, rounds=[])
    return entries(history, person(reader), PLACES, BUNDLE.rules.blind)


def text(found: Sequence[Entry]) -> str:
    return repr([(each.what, each.by, each.details, each.said) for each in found])


def test_where_parents_disagree_both_wishes_are_shown_in_order() -> None:
    said = [wish(2, ConsentState.REFUSED, "Father"), wish(1, ConsentState.GIVEN, "Mother")]
    found = shown(*said)
    assert [each.what for each in found] == ["They agree to sharing", "They refuse"]
    assert "Mother" in text(found[:1])
    assert "Father" in text(found[1:])


def test_a_wish_about_what_its_reader_may_not_know_of_is_not_there() -> None:
    """It reads the same with and without: not even a wish betrays that there is something."""
    school = about(
        {Category.NARRATIVE: Extent.SUMMARY, Category.SENSITIVE_HEALTH: Extent.EXISTENCE}
    )
    hidden = wish(1, ConsentState.REFUSED, "Mara", frozenset({Category.SENSITIVE_HEALTH}))
    other = wish(2, ConsentState.GIVEN, "Mother")
    assert shown(hidden, other, at=school) == shown(other, at=school)
    both = frozenset({Category.SENSITIVE_HEALTH, Category.NARRATIVE})
    assert "ensitive" not in text(shown(wish(3, ConsentState.GIVEN, "Mother", both), at=school))


def test_names_and_words_are_shown_as_far_as_the_reader_is_told_these() -> None:
    told = wish(1, ConsentState.REFUSED, "Mother")
    little = text(shown(told, at=about({Category.NARRATIVE: Extent.SUMMARY})))
    assert "They refuse" in little
    assert "Mother" not in little
    assert "door" not in little
    assert "night" not in little
    assert "Mother" in text(shown(told, at=about({Category.FAMILY: Extent.SUMMARY})))


def test_of_the_rest_a_reader_sees_what_concerns_them() -> None:
    named = Override(
        **common(1),
        categories=frozenset({Category.NARRATIVE}),
        recipients=frozenset({"org:ods:Y99999 gp"}),
        otherwise="Nobody would know",
        alternatives="None",
        family_told="No",
        until=NOW + timedelta(hours=24),
    )
    why = Necessity(**common(2), words="The nurse sees her")
    whom = SourceOfHarm(**common(3, concern=None), person="Craig", words="She says so")
    level = Confirmation(**common(4), level=Level.SIGNIFICANT_HARM)
    elsewhere = Confirmation(**common(5, concern=ELSEWHERE), level=Level.EMERGENCY)
    everything = (named, why, whom, level, elsewhere)
    practice = text(shown(*everything, reader="gp-varga"))
    assert "must know at once" in practice
    assert "significant harm" in practice
    nurse = text(shown(*everything, reader="hv-santiago"))
    assert "must know at once" not in nurse
    for hidden in ("Craig", "source of harm", "nurse sees", "emergency"):
        assert hidden not in practice + nurse
    assert "source of harm" in text(shown(*everything, reader="hub-okonjo"))


def test_where_the_location_is_protected_no_organisation_is_named() -> None:
    barred = about({Category.NARRATIVE: Extent.SUMMARY}, barred=True)
    scoped = replace(
        wish(1, ConsentState.GIVEN, "Mother"), recipients=frozenset({"org:school:999001"})
    )
    found = text(shown(scoped, at=barred, reader="gp-varga"))
    assert "Wexcombe" not in found
    assert "hub" not in found


def test_a_round_that_changed_nothing_for_the_reader_is_left_out() -> None:
    nothing = dict.fromkeys(Category, Extent.NOTHING)
    some = {**nothing, Category.NARRATIVE: Extent.SUMMARY}
    rounds = [
        RoundLine(at=NOW, why="received", outcome="disclosed", extents=some),
        RoundLine(at=NOW + timedelta(1), why="override.raised", outcome="stands", extents=some),
        RoundLine(
            at=NOW + timedelta(2),
            why="consent.recorded",
            outcome="refused",
            extents={**some, Category.SENSITIVE_HEALTH: Extent.FULL},
        ),
    ]
    history = History(about=about(some), statements=[], rounds=rounds)
    found = entries(history, person("gp-varga"), PLACES, BUNDLE.rules.blind)
    assert [each.details for each in found] == [[("In coded facts", "what worries them")]]
