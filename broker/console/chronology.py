"""
Wishes and decisions of one concern, cut for one reader. Pure.

Of what was said about sharing a reader is shown every wish about what they may know of, and besides
only what concerns them: what their own organisation said, what named them, and what they are told
of this concern. A name is `family`, a person's words are `narrative`: shown as far as these are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from broker.console import words
from broker.console.places import Places
from broker.domain.desk import Person
from broker.domain.sharing import (
    Confirmation,
    Detriment,
    Directive,
    Necessity,
    Override,
    RefusalWeighed,
    Review,
    SourceOfHarm,
    Statement,
)
from broker.domain.sharing_desk import History, RoundLine
from broker.domain.words import Category, Extent
from broker.preview import may_know


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: when, what, who said so, in which words."""

    at: datetime
    what: str
    by: str = ""
    details: Sequence[tuple[str, str]] = ()
    said: str = field(default="", repr=False)


def entries(
    history: History, person: Person, places: Places, blind: Collection[Category]
) -> list[Entry]:
    """In the order in which things were said and decided."""
    cut = _Cut(history, person, places, may_know(history.about.extents, blind))
    said = [entry for each in history.statements if (entry := cut.entry(each)) is not None]
    return sorted([*said, *cut.rounds()], key=lambda each: each.at)


@dataclass(frozen=True, slots=True)
class _Cut:
    history: History
    person: Person
    places: Places
    seen: frozenset[Category]

    def entry(self, statement: Statement) -> Entry | None:
        if isinstance(statement, Directive):
            return self._wish(statement)
        if isinstance(statement, Confirmation) and self._about_this(statement):
            return self._made(statement, f"Confirmed: {words.LEVEL_NAMES[statement.level]}")
        if self._concerns(statement):
            return self._made(statement, *_said(statement, self.places))
        return None

    def _about_this(self, statement: Statement) -> bool:
        return statement.concern == self.history.about.thread

    def _concerns(self, statement: Statement) -> bool:
        """Said by their own organisation about this concern or the child, or naming them."""
        here = statement.concern is None or self._about_this(statement)
        return here and (
            statement.by.organisation == self.person.organisation or self._names(statement)
        )

    def _names(self, statement: Statement) -> bool:
        role = self.person.role.value if self.person.role else ""
        if isinstance(statement, Override):
            return f"{self.person.organisation} {role}" in statement.recipients
        if isinstance(statement, Review):
            raised = (
                each
                for each in self.history.statements
                if isinstance(each, Override) and each.id == statement.override
            )
            return any(self._concerns(each) for each in raised)
        return False

    def _wish(self, wish: Directive) -> Entry | None:
        """None if it is only about what this reader may not know of."""
        named = None if wish.categories is None else wish.categories & self.seen
        if named is not None and not named:
            return None
        capacities = {value: text for value, text, _ in words.CAPACITIES}
        who = capacities.get(wish.giver.capacity.value, wish.giver.capacity.value)
        if self._told(Category.FAMILY, Extent.SUMMARY):
            who = f"{who}: {wish.giver.person}"
        parts = [words.CATEGORIES[each] for each in Category if named and each in named]
        details = [("Whose wish", who), ("For", ", ".join(parts) or "everything")]
        if wish.recipients is None:
            details.append(("Shared with", "everybody whom the broker may tell"))
        elif not self.history.about.location_barred:
            listed = sorted(self.places.recipient(each) for each in wish.recipients)
            details.append(("Shared with", ", ".join(listed)))
        if wish.until is not None:
            details.append(("Until", f"{wish.until.astimezone():%-d %B %Y}"))
        note = wish.safety.get("note")
        if isinstance(note, str) and self._told(Category.NARRATIVE, Extent.FULL):
            details.append(("To keep them safe", note))
        return self._made(wish, words.WISH_STATES[wish.state.value], wish.evidence, details)

    def _made(
        self,
        statement: Statement,
        what: str,
        said: str = "",
        details: Sequence[tuple[str, str]] = (),
    ) -> Entry:
        own = statement.by.organisation == self.person.organisation
        full = own or self._told(Category.NARRATIVE, Extent.FULL)
        by = "" if self.history.about.location_barred and not own else self._by(statement)
        return Entry(
            at=statement.made, what=what, by=by, said=said if full else "", details=details
        )

    def _by(self, statement: Statement) -> str:
        by = statement.by
        return f"{self.places.person(by.person)}, {self.places.name(by.organisation)}"

    def _told(self, category: Category, extent: Extent) -> bool:
        return self.history.about.extents.get(category, Extent.NOTHING) >= extent

    def rounds(self) -> list[Entry]:
        """What each round changed in what this reader is told; one that changed nothing is left."""
        found: list[Entry] = []
        before: dict[Category, Extent] = {}
        for each in self.history.rounds:
            changed = _changes(before, each, self.seen)
            if changed or not found:
                why = words.ROUNDS.get(each.why, each.why)
                now = "You may now be told" if found else "You may be told"
                found.append(Entry(at=each.at, what=f"{why}. {now}:", details=changed))
            before = dict(each.extents)
        return found


def _changes(
    before: Mapping[Category, Extent], now: RoundLine, seen: Collection[Category]
) -> list[tuple[str, str]]:
    """By extent, most first: what a role may be told, which says nothing of what is there."""
    changed = [
        category
        for category in Category
        if category in seen and before.get(category) is not now.extents[category]
    ]
    found = []
    for extent, title in words.MAY_BE_TOLD_OF.items():
        named = [words.CATEGORIES[each] for each in changed if now.extents[each] is extent]
        if named:
            found.append((title, ", ".join(named).lower()))
    return found


def _said(statement: Statement, places: Places) -> tuple[str, str]:
    """What it says in one line, and in whose words."""
    match statement:
        case Necessity(words=why):
            return "Why others must know", why
        case RefusalWeighed(words=why):
            return "Going on although the young person refused", why
        case Detriment(stands=stands, organisation=organisation, words=why):
            name = places.name(organisation)
            told = "would do more harm" if stands else "would no longer do more harm"
            return f"Telling {name} {told}", why
        case SourceOfHarm(stands=stands, words=why):
            return ("An alleged source of harm" if stands else "No longer a source of harm"), why
        case Override(otherwise=why):
            return "Decided that somebody must know at once", why
        case Review(outcome=outcome, words=why):
            return f"That decision was found {words.OUTCOME_NAMES[outcome.value]}", why
        case _:
            return "Something was said about sharing", ""
