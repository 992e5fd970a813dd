"""
Deciding inside a transaction: what is known is read and opened, and what was decided before is
decided again after a statement, or before it is sent under policies or facts that have changed.

Used by the intake and by the relay. The transaction is theirs; what comes of it is written in it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from broker import journey, rounds
from broker.domain.batch import Again, Cause, Earlier, Genuine, Outcome, Told
from broker.domain.decision import Decision, Recipient
from broker.domain.identity import Appearance, KeptProfile, Keys, Profile
from broker.domain.ids import NotificationId, SubjectId
from broker.domain.kept import Kept, KeptConcern, KeptTold, Which
from broker.domain.known import Directory, Known, Match, Rules
from broker.domain.notification import Notification
from broker.domain.pointer import Undecided
from broker.domain.rows import Rows
from broker.domain.sharing import Directive, Review, Sharing, SourceOfHarm, Statement
from broker.domain.words import STATEMENTS, Category, EventType
from broker.errors import Rejected
from broker.identity import Matching, profile_from
from broker.objections import objection_to
from broker.ports import Custody, Onlooker, Policies, Store, Transaction
from broker.publishers import kept_notification
from broker.recording import Chance, rows_of_rounds
from broker.statements import heard, sharing_from, statement_from

FACTS = frozenset({EventType.RELATIONSHIP_CHANGED, EventType.CASE_OPENED, EventType.CASE_CLOSED})
"""After one of these somebody else may need to know what is known already."""

RETURNED = "policies_returned"
"""Why a concern is decided that was taken in while policies could not be evaluated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """Everything that deciding needs beside what the transaction reads."""

    in_force: Callable[[datetime], Policies]  # one set of policies for a whole batch
    directory: Directory
    matching: Matching
    custody: Custody
    chance: Chance
    now: Callable[[], datetime]
    onlooker: Onlooker | None = None

    async def looked_on(
        self,
        decided: Sequence[tuple[Genuine, Sequence[Decision]]],
        known: Known,
        policies: Policies,
    ) -> None:
        """Before anything is written: whoever looks on may stop it."""
        if self.onlooker is not None:
            asked = {
                genuine.notification.id: [
                    (each.candidate.question, each.ruling) for each in decisions
                ]
                for genuine, decisions in decided
            }
            await self.onlooker(policies.version, asked, known.now)

    def heed(self) -> None:
        """Raises Broken if whoever looks on has found a reason since."""
        if self.onlooker is not None:
            self.onlooker.heed()

    async def known(
        self,
        transaction: Transaction,
        fresh: Sequence[Genuine],
        subjects: Collection[SubjectId] = (),
    ) -> Known:
        """The snapshot, each of `fresh` recognised, with what was said about its subjects read."""
        known = await transaction.identities(fresh, self.now())
        known = journey.recognise(fresh, self.opened_profiles(known), self.matching)
        about = {*subjects, *known.threads.values()}
        for match in known.matches.values():
            about |= {match.subject, *match.doubted}
        known = await transaction.known_about(known, fresh, about)
        said = await transaction.said_about(about) if about else {}
        return replace(known, sharing={each: self._sharing(kept) for each, kept in said.items()})

    def opened_profiles(self, known: Known) -> Known:
        """With what the register holds of everybody in it."""
        profiles = {
            subject: opened_profile(kept, known.subject_keys[subject], self.custody)
            for subject, kept in known.kept_profiles.items()
        }
        return replace(known, profiles=profiles)

    async def sharing_of(
        self, transaction: Transaction, subjects: Collection[SubjectId]
    ) -> Sharing:
        """What was said about these subjects, as if they were one."""
        said = await transaction.said_about(subjects)
        kept = [each for of_one in said.values() for each in of_one]
        return self._sharing(sorted(kept, key=lambda each: (each.received, each.id)))

    async def likely(self, transaction: Transaction, keys: Collection[int]) -> Known:
        """Whom these keys might be about, for somebody who only asks."""
        return self.opened_profiles(await transaction.likely(keys, self.now()))

    async def likely_named(
        self, transaction: Transaction, subjects: Collection[SubjectId]
    ) -> Known:
        """The same of subjects that are known already."""
        return self.opened_profiles(await transaction.likely_named(subjects, self.now()))

    async def seen(self, transaction: Transaction, subjects: Collection[SubjectId]) -> Known:
        """The snapshot for somebody who only looks."""
        known = await transaction.seen_about(subjects, self.now())
        said = await transaction.said_about(subjects) if subjects else {}
        return replace(known, sharing={each: self._sharing(kept) for each, kept in said.items()})

    def as_told_now(self, kept: Kept, match: Match, recipient: Recipient, known: Known) -> Decision:
        """What this recipient would be told of a concern at this instant."""
        policies = self.in_force(known.now)
        return journey.as_told_now(
            self.opened(kept),
            match,
            recipient,
            known,
            policies=policies,
            rules=policies.rules,
            directory=self.directory,
        )

    async def after_statements(
        self,
        transaction: Transaction,
        outcomes: Sequence[Outcome],
        known: Known,
        policies: Policies,
    ) -> None:
        """What each statement of a batch bears on is decided again, in the order they came."""
        for outcome in outcomes:
            notification, subject = outcome.genuine.notification, outcome.match.subject
            if notification.type not in STATEMENTS or subject not in known.subject_keys:
                continue
            statement = statement_from(notification)
            sharing = heard(known.sharing.get(subject, Sharing()), statement)
            known = known.having_heard(subject, sharing)
            cause = cause_of(statement, notification.type, policies.rules)
            await self.again(
                transaction, known, _bearing_on(statement, subject, cause), cause, policies
            )

    async def after_facts(
        self, transaction: Transaction, outcomes: Sequence[Outcome], policies: Policies
    ) -> None:
        """
        When somebody begins or ends to have to do with a child, its concerns are decided again, so
        that those who came are told and those who left are not.
        """
        about = {
            outcome.match.subject: outcome.genuine.notification
            for outcome in outcomes
            if outcome.genuine.notification.type in FACTS
        }
        if not about:
            return
        known = await self.known(transaction, [], [*about])
        for subject, notification in sorted(about.items()):
            cause = Cause(why=notification.type.value, statement=notification.id)
            await self.again(transaction, known, Which(subject=subject), cause, policies)

    async def before_sending(
        self, store: Store, subject: SubjectId, notification: NotificationId, why: str
    ) -> None:
        """What the relay found outdated is decided again, in a transaction of its own."""
        which = Which(subject=subject, notification=notification, every_version=True)
        async with store.transaction() as transaction:
            known = await self.known(transaction, [], [subject])
            policies = self.in_force(known.now)
            if not await self.again(transaction, known, which, Cause(why=why), policies):
                await transaction.let_go(notification)  # retracted since: it is not sent at all

    async def settled(self, store: Store, each: Undecided) -> bool:
        """
        What was taken in undecided is decided under what holds now, once: false if it was before.
        Raises PoliciesUnusable; then it is as undecided as it was.
        """
        which = Which(subject=each.subject, notification=each.notification, every_version=True)
        async with store.transaction() as transaction:
            if not await transaction.settle(each, self.now()):
                return False
            kept = await transaction.decided_before(which)  # none, if it was retracted since
            fresh = [self._earlier(concern).genuine for concern in kept]
            known = await self.known(transaction, fresh, [each.subject])
            policies = self.in_force(known.now)
            await self.again(transaction, known, which, Cause(why=RETURNED), policies)
        return True

    async def again(
        self,
        transaction: Transaction,
        known: Known,
        which: Which,
        cause: Cause,
        policies: Policies,
    ) -> Sequence[Again]:
        """Decide these concerns again and write what comes of it."""
        made = await self._made(transaction, known, which, cause, policies)
        if made:
            decided = [
                (each.earlier.genuine, [result.decision for result in each.results])
                for each in made
            ]
            await self.looked_on(decided, known, policies)
            await transaction.write(self._rows(made, known, policies))
        return made

    async def would(
        self, transaction: Transaction, genuine: Genuine
    ) -> tuple[Sequence[Again], Sequence[Again]]:
        """
        What deciding again would give now, and what it would give after this statement; nothing is
        written. Raises Rejected with the reason why its author may not make it.
        """
        known = await self.known(transaction, [genuine])
        policies = self.in_force(known.now)
        notification = genuine.notification
        if reason := objection_to(notification, known, self.directory, policies.rules):
            raise Rejected(reason)
        subject = known.matches[notification.id].subject
        if subject not in known.subject_keys:
            return (), ()
        statement = statement_from(notification)
        cause = cause_of(statement, notification.type, policies.rules)
        which = _bearing_on(statement, subject, cause)
        now = await self._made(transaction, known, which, Cause(why="preview"), policies)
        told = known.having_heard(subject, heard(known.sharing.get(subject, Sharing()), statement))
        return now, await self._made(transaction, told, which, cause, policies)

    async def _made(
        self,
        transaction: Transaction,
        known: Known,
        which: Which,
        cause: Cause,
        policies: Policies,
    ) -> Sequence[Again]:
        concerns = [self._earlier(each) for each in await transaction.decided_before(which)]
        known = await self._with_doubted(transaction, known, concerns)
        return [
            rounds.again(
                each,
                known,
                cause=cause,
                policies=policies,
                rules=policies.rules,
                directory=self.directory,
            )
            for each in concerns
        ]

    async def _with_doubted(
        self, transaction: Transaction, known: Known, concerns: Sequence[Earlier]
    ) -> Known:
        """Whom a doubtful concern might be about: their protection counts for it."""
        doubted = {subject for each in concerns for subject in each.match.doubted}
        missing = sorted(doubted - set(known.subject_keys))
        if not missing:
            return known
        theirs = await transaction.seen_about(missing, known.now)
        return replace(known, protected={**theirs.protected, **known.protected})

    def _rows(self, made: Sequence[Again], known: Known, policies: Policies) -> Rows:
        return rows_of_rounds(
            made, known, policy=policies.version, custody=self.custody, chance=self.chance
        )

    def _sharing(self, kept: Sequence[Kept]) -> Sharing:
        notifications = [self.opened(each) for each in kept]
        statements = [statement_from(each) for each in notifications if each.type in STATEMENTS]
        closed = [each.received for each in notifications if each.type is EventType.CASE_CLOSED]
        return sharing_from(statements, closed)

    def opened(self, kept: Kept) -> Notification:
        """A notification as it was read when it came."""
        token = self.custody.reveal(
            subject_key=kept.subject_key, wrapped_key=kept.wrapped_key, body=kept.body
        )
        return kept_notification(token.decode(), kept.publisher, kept.received)

    def _earlier(self, concern: KeptConcern) -> Earlier:
        genuine = Genuine(
            notification=self.opened(concern.kept),
            asked=Appearance(),  # who it is about has been said
            keys=Keys(),
            token_sha256=concern.token_sha256,
            topic=concern.topic,
            partition=concern.partition,
            offset=concern.offset,
        )
        told = [self._told(each) for each in concern.told]
        return Earlier(genuine=genuine, match=concern.match, round=concern.round, told=told)

    def _told(self, kept: KeptTold) -> Told:
        overrides, needs = kept.rests.get("overrides"), kept.rests.get("needs_agreement")
        return Told(
            disclosure=kept.disclosure,
            decision_id=kept.decision,
            recipient=Recipient(
                organisation=kept.organisation,
                role=kept.role,
                agency=self.directory.bodies[kept.organisation].agency,
            ),
            claims=frozenset(kept.claims),
            held=frozenset(kept.held),
            waiting=kept.waiting,
            needs_agreement=frozenset(map(Category, needs if isinstance(needs, list) else ())),
            overrides={
                Category(category): NotificationId(str(override))
                for category, override in (overrides if isinstance(overrides, dict) else {}).items()
            },
            recalled=kept.recalled,
        )


def opened_profile(kept: KeptProfile, subject_key: bytes, custody: Custody) -> Profile:
    """What the register holds of one subject, unsealed."""
    text = custody.reveal(
        subject_key=subject_key, wrapped_key=kept.wrapped_key, body=kept.body
    ).decode()
    return profile_from(text, kept)


def cause_of(statement: Statement, kind: EventType, rules: Rules) -> Cause:
    """Why what a statement bears on is decided again, and what it takes back."""
    taken = isinstance(statement, Directive) and statement.state in rules.consent.recalls
    override = None
    if isinstance(statement, Review) and statement.outcome in rules.overrides.recalls:
        override = statement.override
    return Cause(
        why=kind.value,
        statement=statement.id,
        recalls_agreement=taken,
        recalls_override=override,
    )


def _bearing_on(statement: Statement, subject: SubjectId, cause: Cause) -> Which:
    """A wish, and who may have one, is about the subject; every other statement about a concern."""
    whole = isinstance(statement, Directive | SourceOfHarm)
    return Which(
        subject=subject,
        thread=None if whole else statement.concern,
        every_version=cause.recalls_agreement or cause.recalls_override is not None,
    )
