"""
Joining and parting subjects (DOMAIN.md 6.1, IDENTITY.md 8): the Corrections of desk_ports.py.

    1. hold the subjects, so that nobody joins or parts them meanwhile
    2. say where each notification stands from now on, and make the profiles anew from what is left
    3. write that; nothing that happened is changed, another turn follows
    4. decide again: whoever was told through a wrong join is recalled, and stays on the open list
       until they have acknowledged it; the concern is decided for its right subject

One transaction: when it returns it counts, and nothing that waited leaves as it was.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from broker import journey
from broker.again import Deciding
from broker.directory import who_might_need_to_know
from broker.domain.batch import Cause
from broker.domain.correction import BESIDE, By, Corrected, CorrectionKind
from broker.domain.decision import Recipient
from broker.domain.identity import Profile
from broker.domain.ids import SubjectId, ThreadId
from broker.domain.kept import Held, Linked, Which
from broker.domain.known import Match, MatchState
from broker.domain.words import STATEMENTS
from broker.errors import Rejected
from broker.identity.rebuilding import rebuilt
from broker.ports import Store
from broker.recording.correcting import Plan
from broker.remaking import Remaking, begun, sources, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Correcting:
    """The Corrections of desk_ports.py over a store."""

    deciding: Deciding
    store: Store

    async def same(self, subject: SubjectId, other: SubjectId, by: By, now: datetime) -> Corrected:
        async with self.store.transaction() as transaction:
            work, held = await begun(self.deciding, transaction, [subject, other], by, now)
            if held[other].redirect_to is not None:
                raise Rejected("no_such_candidate")
            if held[subject].provisional:
                return await _redirected(work, CorrectionKind.SAME, other, subject)
            if other not in work.known.profiles[subject].doubted:
                raise Rejected("answered_already")
            return await _merged(work, held)  # an agency said that the two are one

    async def merge(self, keep: SubjectId, other: SubjectId, by: By, now: datetime) -> Corrected:
        async with self.store.transaction() as transaction:
            work, held = await begun(self.deciding, transaction, [keep, other], by, now)
            if keep == other or any(each.redirect_to is not None for each in held.values()):
                raise Rejected("no_such_candidate")
            return await _merged(work, held)

    async def different(
        self, subject: SubjectId, others: Collection[SubjectId], by: By, now: datetime
    ) -> Corrected:
        async with self.store.transaction() as transaction:
            work, held = await begun(self.deciding, transaction, [subject, *others], by, now)
            profile = work.known.profiles[subject]
            nobody_named = held[subject].provisional and not profile.doubted
            if not (profile.doubted & set(others) or nobody_named):
                raise Rejected("answered_already")
            left = profile.doubted - set(others)
            doubtful = held[subject].provisional
            state = MatchState.NEEDS_PERSON if left else MatchState.KNOWN
            plan = Plan(
                kind=CorrectionKind.DIFFERENT,
                subject=subject,
                other=None,
                moved=await transaction.linked([subject]) if doubtful else [],
                match=Match(subject=subject, state=state, why="person_different", doubted=left),
                profiles=[replace(profile, provisional=doubtful and bool(left), doubted=left)],
                keys=work.known.subject_keys,
                versions=work.versions,
                apart=sorted(others),
                alike=[each for each in others if _born_alike(work, subject, each)],
                by=by,
                now=now,
            )
            return await work.carried_out(
                plan, {subject: Cause(why=CorrectionKind.DIFFERENT.value)}
            )

    async def unlink(
        self, threads: Collection[ThreadId], to: SubjectId | None, by: By, now: datetime
    ) -> Corrected:
        async with self.store.transaction() as transaction:
            found = await transaction.whose(threads)
            if len(found) != 1:
                raise Rejected("several_subjects" if found else "no_such_concern")
            (source,) = found
            named = [source] if to is None else [source, to]
            work, _ = await begun(self.deciding, transaction, named, by, now)
            linked = await transaction.linked([source])
            moved = [each for each in linked if each.about in threads]
            if not moved or source == to:
                raise Rejected("no_such_concern")
            plan = await (
                _parted(work, source, moved) if to is None else _moved_to(work, source, to, moved)
            )
            left = await work.anew(source, [each for each in linked if each.about not in threads])
            unrelated = await transaction.brought(source, sources(moved), now)
            spoken = any(each.kept.type in STATEMENTS for each in moved)
            why = plan.kind.value
            return await work.carried_out(
                replace(plan, profiles=[*plan.profiles, left]),
                {
                    plan.subject: Cause(why=why, wrong_match=True),
                    source: Cause(
                        why=BESIDE,
                        unrelated=frozenset(unrelated),
                        recalls_agreement=spoken,
                    ),
                },
            )

    async def would(
        self, subject: SubjectId, other: SubjectId, now: datetime
    ) -> Sequence[Recipient]:
        deciding = self.deciding
        async with self.store.transaction() as transaction:
            known = await deciding.known(transaction, [], [subject, other])
            said = await deciding.sharing_of(transaction, [subject, other])
            known = replace(known, sharing={other: said})
            concerns = await transaction.decided_before(Which(subject=subject))
            match = Match(subject=other, state=MatchState.KNOWN, why="person_same")
            policies = deciding.in_force(now)
            told: dict[Recipient, None] = {}
            for concern in concerns:
                before = {(each.organisation, each.role) for each in concern.told}
                asked = who_might_need_to_know(
                    deciding.opened(concern.kept),
                    match,
                    known,
                    rules=policies.rules,
                    directory=deciding.directory,
                )
                for decision in journey.decide(asked, policies):
                    there = (decision.recipient.organisation, decision.recipient.role)
                    if not decision.ruling.tells_nothing and there not in before:
                        told[decision.recipient] = None
        return list(told)


async def _merged(work: Remaking, held: Mapping[SubjectId, Held]) -> Corrected:
    """The older id stays, whichever was named first."""
    first, second = sorted(held.values(), key=lambda each: (each.since, each.subject))
    return await _redirected(work, CorrectionKind.MERGE, first.subject, second.subject)


async def _redirected(
    work: Remaking, kind: CorrectionKind, subject: SubjectId, gone: SubjectId
) -> Corrected:
    """Everything of the one stands under the other from now on."""
    why = "merged" if kind is CorrectionKind.MERGE else "person_same"
    match = Match(subject=subject, state=MatchState.KNOWN, why=why)
    moved = await work.transaction.linked([gone])
    linked = await work.transaction.linked([subject])
    made = await work.anew(subject, [*linked, *standing(match, moved)])
    plan = Plan(
        kind=kind,
        subject=subject,
        other=gone,
        moved=moved,
        match=match,
        profiles=[replace(made, doubted=made.doubted - {gone})],
        keys=work.known.subject_keys,
        versions=work.versions,
        redirected=gone,
        by=work.by,
        now=work.now,
    )
    return await work.carried_out(plan, {subject: Cause(why=kind.value)})


async def _moved_to(
    work: Remaking, source: SubjectId, to: SubjectId, moved: Sequence[Linked]
) -> Plan:
    """They are about another subject, who is known."""
    match = Match(subject=to, state=MatchState.KNOWN, why="person_same")
    linked = await work.transaction.linked([to])
    return Plan(
        kind=CorrectionKind.UNLINK,
        subject=to,
        other=source,
        moved=moved,
        match=match,
        profiles=[await work.anew(to, [*linked, *standing(match, moved)])],
        keys=work.known.subject_keys,
        versions=work.versions,
        apart=[source],
        alike=[source] if _born_alike(work, to, source) else [],
        by=work.by,
        now=work.now,
    )


async def _parted(work: Remaking, source: SubjectId, moved: Sequence[Linked]) -> Plan:
    """They are about somebody else, whom nobody has named: the register is asked once more."""
    named = "\x00".join(["parted", *(f"{each.turn} {each.kept.id}" for each in moved)])
    subject = SubjectId(f"s_{hashlib.sha256(named.encode()).hexdigest()[:26]}")
    found = await work.judged(moved[-1], but=source)
    doubted = found.doubted | ({found.subject} if found.subject else frozenset())
    state = MatchState.NEEDS_PERSON if doubted else MatchState.NEW
    match = Match(subject=subject, state=state, why="kept_apart", doubted=doubted)
    made = rebuilt(subject, None, [work.sighting(each, match) for each in moved])
    profile = made or Profile(subject=subject, provisional=True)
    theirs = work.known.profiles[source]
    several = len({each.about for each in moved}) > 1
    return Plan(
        kind=CorrectionKind.SPLIT if several else CorrectionKind.UNLINK,
        subject=subject,
        other=source,
        moved=moved,
        match=match,
        profiles=[profile],
        keys={**work.known.subject_keys, subject: work.deciding.custody.new_subject_key()},
        versions=work.versions,
        apart=[source],
        alike=[source] if profile.birth and profile.birth == theirs.birth else [],
        is_new=True,
        by=work.by,
        now=work.now,
    )


def _born_alike(work: Remaking, one: SubjectId, other: SubjectId) -> bool:
    profiles = [work.known.profiles.get(each) for each in (one, other)]
    births = {None if each is None else each.birth for each in profiles}
    return len(births) == 1 and None not in births
