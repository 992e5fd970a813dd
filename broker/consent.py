"""
Whose wish counts, and what it is, for each category and one recipient at one instant.

policies/consent.yaml says whose; here it is only applied (DOMAIN.md 3.2, and 4.8 readings 3 and 9):

    1. of one giver's directives that cover a cell, the one made last counts
    2. an agreement ends; a refusal stands until its giver changes it
    3. an alleged source of harm can neither agree nor refuse
    4. of those whose wish counts, one refusal is a refusal, unless somebody settles it
    5. a publisher's word that somebody agreed counts only where nobody whose wish counts spoke, be
       it of other categories or recipients, or until a day that has passed; its word that somebody
       refused counts until somebody whose wish counts agrees since
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime

from broker.domain.decision import Recipient, Wished
from broker.domain.known import Rules
from broker.domain.notification import Notification
from broker.domain.rules import Standing, Whose
from broker.domain.sharing import Directive, Sharing
from broker.domain.words import Category

_UNBORN, _ADULT = "unborn", "adult_of_concern"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """What a notification says of its subject, as far as whose wish counts depends on it."""

    kind: str  # child, unborn, adult_of_concern
    born: date | None = None  # the earliest that it can be, where only month or year is known
    adults: int = 0  # of how many adults the concern holds health information

    def age(self, today: date) -> int | None:
        """In whole years; None while it is not known."""
        if self.born is None or self.kind == _UNBORN:
            return None
        before = (today.month, today.day) < (self.born.month, self.born.day)
        return today.year - self.born.year - before

    def birthday(self, years: int) -> date | None:
        """The day on which the subject is that old; of a 29 February, 1 March."""
        if self.born is None:
            return None
        try:
            return self.born.replace(year=self.born.year + years)
        except ValueError:
            return date(self.born.year + years, 3, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What holds for one recipient: sets of categories, and on which directive each rests."""

    agreed: frozenset[Category] = frozenset()
    refused: frozenset[Category] = frozenset()
    weighed: frozenset[Category] = frozenset()  # refused by whoever's refusal is one to weigh
    wished: Mapping[Category, Wished] = field(default_factory=dict)
    good_until: datetime | None = None


def who_in(notification: Notification) -> Who:
    """The subject as the notification describes it."""
    summary = notification.claims.get("identity.summary")
    said = summary if isinstance(summary, dict) else {}
    health = notification.claims.get("adult_health.summary")
    adults = health.get("adults", []) if isinstance(health, dict) else []
    return Who(
        kind=str(said.get("subject_kind", "child")),
        born=_earliest(said.get("birth_date")),
        adults=len(adults) if isinstance(adults, list) else 0,
    )


def _earliest(written: object) -> date | None:
    """A date of birth, the first day that it can be if partial; None if there is none."""
    if not isinstance(written, str):
        return None
    parts = written.split("-")
    try:
        return date(*map(int, [*parts, "1", "1"][:3]))
    except ValueError:
        return None


def wish(
    notification: Notification,
    recipient: Recipient,
    sharing: Sharing,
    now: datetime,
    *,
    rules: Rules,
    certain: bool,
) -> Wish:
    """What everybody whose wish counts has said about telling this recipient, as it holds now."""
    stated = _stated(notification, now, rules, certain=certain)
    if not certain:  # a directive of a doubtful subject does not count
        return stated
    who = who_in(notification)
    speaking = [
        each
        for each in sharing.directives
        if each.kind in rules.consent.kinds and each.recorded <= now and each.since <= now
    ]
    free = [each for each in speaking if each.giver.person not in _alleged(sharing, now)]
    asked = _Asked(notification, recipient, who, sharing, now, rules)
    cells = {
        category: _cell(category, speaking=free, asked=asked)
        for category in (Category if free else ())
    }
    return _together(notification, cells, stated, now, rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """What counts for one category: the directives, and whether a refusal is one to weigh."""

    row: Whose
    spoken: bool = False  # somebody whose wish counts has: of this or else, then or now
    directives: Sequence[Directive] = ()
    ends: datetime | None = None  # when the first agreement among them does


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is the same for every category of one recipient."""

    notification: Notification
    recipient: Recipient
    who: Who
    sharing: Sharing
    now: datetime
    rules: Rules

    @property
    def purposes(self) -> Set[str]:
        named = self.rules.consent.purposes.get(self.notification.level, frozenset())
        return named | {self.notification.routing.purpose}


def _cell(category: Category, *, speaking: Sequence[Directive], asked: _Asked) -> _Cell:
    rules, purposes = asked.rules, asked.purposes
    covering = [each for each in speaking if _covers(each, category, asked.recipient, purposes)]
    age = asked.who.age(asked.now.date())
    row = rules.consent.whose_wish(category, _standing(asked.who, age, covering, rules), age)
    heard = [each for each in covering if _may_speak(each, category, row, rules)]
    holding = _last_of_each(heard, asked.sharing, asked.now, rules)
    settled = [each for each in holding if each.giver.capacity in row.settles]
    counting = settled[-1:] or holding
    agreements = [_ends(each, asked.sharing, rules) for each in counting if _agrees(each, rules)]
    return _Cell(
        row=row,
        spoken=any(_is_theirs(each, row, rules) for each in speaking),
        directives=counting,
        ends=min(agreements, default=None),
    )


def _covers(
    directive: Directive, category: Category, recipient: Recipient, purposes: Set[str]
) -> bool:
    named = {f"role:{recipient.role.value}", recipient.organisation}
    return (
        (directive.categories is None or category in directive.categories)
        and (directive.recipients is None or bool(directive.recipients & named))
        and (directive.purpose is None or directive.purpose in purposes)
    )


def _standing(who: Who, age: int | None, covering: Sequence[Directive], rules: Rules) -> Standing:
    """Competence under 16 is found question by question: it holds for what its directive covers."""
    if who.kind == _UNBORN:
        return Standing.UNBORN
    if who.kind == _ADULT or (age is not None and age >= rules.consent.adult_from):
        return Standing.ADULT
    presumed = age is not None and age >= rules.consent.presumed_competent_from
    assessed = any(_was_assessed(each, rules) for each in covering)
    return Standing.COMPETENT if presumed or assessed else Standing.CHILD


def _was_assessed(directive: Directive, rules: Rules) -> bool:
    giver = directive.giver
    assessed = bool(giver.assessed_by) and bool(giver.question)
    return giver.capacity in rules.consent.must_be_assessed and assessed


def _may_speak(directive: Directive, category: Category, row: Whose, rules: Rules) -> bool:
    if not _is_theirs(directive, row, rules):
        return False
    named = directive.categories is not None and category in directive.categories
    return named or not row.by_name


def _is_theirs(directive: Directive, row: Whose, rules: Rules) -> bool:
    """Whether the giver is one whose wish this row counts, whatever the directive covers."""
    if directive.giver.capacity not in row.capacities | row.settles:
        return False
    unassessed = directive.giver.capacity in rules.consent.must_be_assessed
    return not unassessed or _was_assessed(directive, rules)


def _last_of_each(
    heard: Sequence[Directive], sharing: Sharing, now: datetime, rules: Rules
) -> list[Directive]:
    """
    Each giver's directive that counts now; what says neither yes nor no counts for nobody. Tokens
    are dated to the second: of two made in one second the refusal counts.
    """
    last: dict[tuple[str, str], Directive] = {}
    for each in sorted(heard, key=lambda one: (one.made, _refuses(one, rules))):
        giver = (each.giver.person, each.giver.capacity.value)
        if _refuses(each, rules):
            last[giver] = each
        elif _agrees(each, rules):
            ended = now >= _ends(each, sharing, rules)
            before = last.get(giver)
            if not ended:
                last[giver] = each
            elif before is not None and _refuses(before, rules):
                del last[giver]  # they changed their mind, and that agreement has run out
    return list(last.values())


def _agrees(directive: Directive, rules: Rules) -> bool:
    return directive.state in rules.agreed_states


def _refuses(directive: Directive, rules: Rules) -> bool:
    return directive.state in rules.refused_states


def _ends(directive: Directive, sharing: Sharing, rules: Rules) -> datetime:
    """An agreement's end: its own date, the longest that one lasts, or the closing of the case."""
    ends = [rules.consent.latest_end(directive.since)]
    if directive.until is not None:
        ends.append(directive.until)
    if rules.consent.ends_with_case:
        ends += [closed for closed in sharing.cases_closed if closed > directive.since]
    return min(ends)


def _alleged(sharing: Sharing, now: datetime) -> set[str]:
    """Everybody recorded as alleged source of harm: it binds the person, in any capacity."""
    found: dict[str, bool] = {}
    for each in sharing.sources_of_harm:
        if each.recorded <= now:
            found[each.person] = each.stands
    return {person for person, stands in found.items() if stands}


def _stated(notification: Notification, now: datetime, rules: Rules, *, certain: bool) -> Wish:
    """What the publisher says was asked and answered; who answered it does not say."""
    stated, nobody = notification.routing.consent_state, frozenset[Category]()
    age = who_in(notification).age(now.date())
    own = age is not None and age >= rules.consent.presumed_competent_from
    refused = rules.refusal_counts_for if stated in rules.refused_states else nobody
    agreed = stated in rules.agreed_states and certain and not own
    return Wish(
        agreed=rules.agreement_counts_for if agreed else nobody,
        refused=refused,
        weighed=refused if own else nobody,
    )


def _together(
    notification: Notification,
    cells: Mapping[Category, _Cell],
    stated: Wish,
    now: datetime,
    rules: Rules,
) -> Wish:
    who = who_in(notification)
    agreed, refused, weighed = set(stated.agreed), set(stated.refused), set(stated.weighed)
    wished: dict[Category, Wished] = {}
    ends: list[datetime] = []
    for category, cell in cells.items():
        if cell.spoken:  # then their directives say how far it goes and how long, not a publisher
            agreed.discard(category)
        if not cell.directives:
            continue
        no = [each for each in cell.directives if _refuses(each, rules)]
        counted = (no or list(cell.directives))[-1]
        wished[category] = Wished(directive=counted.id, state=counted.state)
        if no:
            refused.add(category)
            weighed |= {category} if cell.row.weighed else set()
        elif category in refused and counted.made < notification.issued:
            continue  # the publisher heard of a refusal since
        elif not cell.row.each_adult or len(cell.directives) >= who.adults:
            agreed.add(category)
            refused.discard(category)
            weighed.discard(category)
            ends += [cell.ends] if cell.ends is not None else []
    if wished or stated.agreed:
        ends += _birthdays(who, now, rules)
    return Wish(
        agreed=frozenset(agreed),
        refused=frozenset(refused),
        weighed=frozenset(weighed),
        wished=wished,
        good_until=min(ends, default=None),
    )


def _birthdays(who: Who, now: datetime, rules: Rules) -> list[datetime]:
    """When growing older changes whose wish counts."""
    years = {row.younger_than for row in rules.consent.whose if row.younger_than is not None}
    years |= {rules.consent.presumed_competent_from, rules.consent.adult_from}
    days = [day for each in years if (day := who.birthday(each)) is not None]
    at = [datetime(day.year, day.month, day.day, tzinfo=now.tzinfo) for day in days]
    return [each for each in at if each > now]
