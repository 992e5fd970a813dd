"""
An acceptance case, carried by the real journey: signed tokens, who is it, candidates, decisions,
disclosures; afterwards decided again as statements arrive.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from broker.casefile.concern import from_short, lane_in
from broker.casefile.reading import known_from, match_of
from broker.casefile.statements import heard
from broker.casefile.written import WrittenKnown, WrittenShort, WrittenStatement
from broker.domain.batch import (
    Again,
    Cause,
    Disclosure,
    Earlier,
    Genuine,
    Outcome,
    Recall,
    Refusal,
    Stands,
    Told,
)
from broker.domain.decision import Question, Ruling
from broker.domain.ids import OrganisationId, PolicyVersion, SubjectId
from broker.domain.known import Known, Rules
from broker.domain.sharing import Directive, Review, Statement
from broker.domain.words import Category, Lane
from broker.errors import PolicyNotEvaluated
from broker.journey import carry
from broker.partnership import read_partnership
from broker.ports import Policies
from broker.rounds import again
from tests.acceptance.story import HERE, Step, Story
from tests.world import World, batch_of

PARTNERSHIP = read_partnership(HERE / "partnership.yaml")
DIRECTORY = PARTNERSHIP.directory()
Result = Disclosure | Refusal | Stands


class Unavailable:
    """The policies when they cannot be evaluated."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.version = PolicyVersion("none")
        self.sentences: dict[str, str] = {}

    def decide(self, question: Question) -> Ruling:
        raise PolicyNotEvaluated("policy_not_evaluated", question.role)

    def decide_all(self, questions: Sequence[Question]) -> list[Ruling]:
        return [self.decide(each) for each in questions]


@dataclass(slots=True)
class Held:
    """One concern as it stands: what arrived, and who was told what."""

    genuine: Genuine
    outcome: Outcome
    told: list[Told]
    round: int = 1


@dataclass(frozen=True, slots=True)
class Decided:
    """What one step made of one concern."""

    genuine: Genuine
    known: Known
    results: Sequence[Result]
    recalls: Sequence[Recall] = ()
    superseded: Sequence[tuple[Told, str]] = ()

    @property
    def by_recipient(self) -> Mapping[str, Result]:
        return {_named(each): each for each in self.results}

    @property
    def asked(self) -> set[str]:
        """Whoever is a candidate now, and not only because they were told before."""
        return {
            _named(each) for each in self.results if each.decision.candidate.why != "told_before"
        }


def _named(result: Result) -> str:
    recipient = result.decision.recipient
    return f"{recipient.organisation} {recipient.role}"


def canary(concern: str, category: Category) -> str:
    return f"CANARY-{hashlib.sha256(f'{concern} {category}'.encode()).hexdigest()[:16]}"


@dataclass(slots=True)
class Telling:
    """A case as it goes on."""

    story: Story
    policies: Policies
    rules: Rules
    world: World = field(default_factory=World)
    held: dict[str, Held] = field(default_factory=dict)
    said: dict[SubjectId, list[Statement]] = field(default_factory=dict)
    knowing: dict[str, WrittenKnown] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in PARTNERSHIP.organisations.values():
            self.world.knows(each.id, each.agency)
        self.knowing = {name: each.known for name, each in self.story.concerns.items()}

    def names(self, step: Step) -> tuple[str, ...]:
        return step.decide or tuple(self.story.concerns)[:1]

    def step(self, step: Step) -> dict[str, Decided]:
        """Everything that this step decides, by the concern's name."""
        self.knowing |= step.known
        unread = [name for name in self.names(step) if name not in self.held]
        fresh = {name: self.genuine(name, step.at) for name in unread}
        spoken = [made for each in step.say for made in self._hear(each, step, fresh)]
        policies = self.policies
        if step.policies == "unavailable":
            policies = Unavailable(self.rules)
        decided = {}
        known = self.known(step.at, {**self._genuine_held(), **fresh})
        outcomes = carry(
            list(fresh.values()), known, policies=policies, rules=self.rules, directory=DIRECTORY
        )
        for (name, genuine), outcome in zip(fresh.items(), outcomes, strict=True):
            self.held[name] = Held(genuine, outcome, [])
            decided[name] = Decided(genuine, known, outcome.results)
            self._tell(name, outcome.results, step)
        for name in self.names(step):
            if name not in decided:
                made = self.again(name, known, self._cause(spoken, step))
                decided[name] = Decided(
                    self.held[name].genuine, known, made.results, made.recalls, made.superseded
                )
                self._go_on(name, made, step)
        return decided

    def again(self, name: str, known: Known, cause: Cause) -> Again:
        held = self.held[name]
        earlier = Earlier(
            genuine=held.genuine, match=held.outcome.match, round=held.round, told=held.told
        )
        return again(
            earlier,
            known,
            cause=cause,
            policies=self.policies,
            rules=self.rules,
            directory=DIRECTORY,
        )

    def data(self, name: str, at: datetime, without: Sequence[Category] = ()) -> dict[str, Any]:
        """The object before signing, with a canary in the words of every category."""
        written = self.story.concerns[name]
        short = WrittenShort.model_validate(written.concern)
        agency = PARTNERSHIP.organisations[OrganisationId(short.publisher)].agency
        data = from_short(short, written.known.subject, agency, at)
        categories: dict[str, Any] = {}
        for category, parts in data["categories"].items():
            if category in without:
                continue
            full = dict(parts.get("full", {}))
            words = "description" if category == Category.IDENTITY else "words"
            if full:
                full[words] = f"{full.get(words, '')} {canary(name, Category(category))}"
            categories[category] = {**parts, **({"full": full} if full else {})}
        number = int(hashlib.sha256(self._subject(name).encode()).hexdigest(), 16) % 10**10
        identity = categories["identity"]
        identity["summary"] = {**identity["summary"], "given_name": self._subject(name).title()}
        identity["full"]["identifiers"] = [
            {"system": "nhs_number", "value": f"{number:010}", "assurance": "verified"}
        ]
        present = {each: sorted(parts, reverse=True) for each, parts in categories.items()}
        return {**data, "categories": categories, "present": present}

    def genuine(self, name: str, at: datetime, without: Sequence[Category] = ()) -> Genuine:
        """Signed, sealed, unsealed, verified and checked, as intake does."""
        data = self.data(name, at, without)
        record = self.world.record(data)
        publisher = OrganisationId(data["iss"])
        batch = batch_of([record], publisher=publisher, lane=Lane(lane_in(data)))
        return self.world.read(record, replace(batch, received=at))

    def known(self, at: datetime, genuine: Mapping[str, Genuine]) -> Known:
        """One snapshot of everything that is known about all of them."""
        whole = Known(now=at, unused={})
        for name, each in genuine.items():
            subject, written = self._subject(name), self.knowing[name]
            of_one = known_from(written, self.said.get(subject, ()), at, subject)
            match = match_of(written.match, subject)
            whole = replace(
                whole,
                unused={**whole.unused, each.notification.id: subject},
                matches={**whole.matches, each.notification.id: match},
                relationships={**whole.relationships, **of_one.relationships},
                areas={**whole.areas, **of_one.areas},
                protected={**whole.protected, **of_one.protected},
                sharing={**whole.sharing, **of_one.sharing},
            )
        return whole

    def _genuine_held(self) -> dict[str, Genuine]:
        return {name: each.genuine for name, each in self.held.items()}

    def _subject(self, name: str) -> SubjectId:
        return SubjectId(f"s_{self.story.concerns[name].subject or name}")

    def _hear(
        self, said: Mapping[str, Any], step: Step, fresh: Mapping[str, Genuine]
    ) -> Iterator[Statement]:
        written = dict(said)
        about = str(written.pop("about", self.names(step)[0]))
        concern = {**self._genuine_held(), **fresh}[about].notification
        statement = WrittenStatement.model_validate(written)
        number = f"{about} {len(self.said.get(self._subject(about), ()))}"
        before = self.said.setdefault(self._subject(about), [])
        made = heard(
            statement,
            before,
            concern=concern,
            partnership=PARTNERSHIP,
            rules=self.rules,
            number=number,
        )
        before += made
        yield from made

    def _cause(self, spoken: Sequence[Statement], step: Step) -> Cause:
        """As whoever hears a statement says why it decides again."""
        taken_back = [
            each
            for each in spoken
            if isinstance(each, Directive) and each.state in self.rules.consent.recalls
        ]
        not_justified = [
            each.override
            for each in spoken
            if isinstance(each, Review) and each.outcome in self.rules.overrides.recalls
        ]
        return Cause(
            why=step.why or "statement",
            recalls_agreement=bool(taken_back),
            recalls_override=not_justified[0] if not_justified else None,
        )

    def _tell(self, name: str, results: Sequence[Result], step: Step) -> None:
        waiting = {
            recipient for label in step.waiting for _, recipient in targets(self, step, label)
        }
        for result in results:
            if isinstance(result, Disclosure):
                self.held[name].told.append(_told(result, waiting=_named(result) in waiting))

    def _go_on(self, name: str, made: Again, step: Step) -> None:
        held = self.held[name]
        gone = {each.disclosure for each, _ in made.superseded}
        recalled = {each.of.disclosure: each.categories for each in made.recalls}
        held.told = [
            replace(each, recalled=each.recalled | recalled.get(each.disclosure, frozenset()))
            for each in held.told
            if each.disclosure not in gone
        ]
        held.round = made.round
        self._tell(name, made.results, step)


def _told(result: Disclosure, *, waiting: bool) -> Told:
    decision = result.decision
    rests = decision.candidate.rests
    return Told(
        disclosure=result.id,
        decision_id=result.decision_id,
        recipient=decision.recipient,
        claims=frozenset(result.claims),
        held=frozenset(result.held),
        waiting=waiting,
        needs_agreement=decision.needs_agreement,
        overrides={
            category: override
            for category, override in rests.overrides.items()
            if category in decision.needs_override
        },
    )


def targets(telling: Telling, step: Step, label: str) -> list[tuple[str, str]]:
    """(the concern, the recipient) that a row of a table means."""
    meant = {**telling.story.recipients, **step.recipients}[label]
    if isinstance(meant, str):
        return [(telling.names(step)[0], meant)]
    listed = meant if isinstance(meant, tuple) else (meant,)
    return [(each.about, each.recipient) for each in listed]


def leaves(decided: Decided, result: Result) -> str:
    """All words that would go to this recipient: the permitted claims, and what is said of it."""
    claims = result.claims if isinstance(result, Disclosure) else ()
    content = {name: decided.genuine.notification.claims[name] for name in claims}
    return json.dumps(content) + repr(result)
