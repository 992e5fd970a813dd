"""
The broker's side of "does anybody know this child?": each question is counted, looked up, answered
by one of four words, and recorded before the answer leaves.

    known             this child's own forename and birth date agree, and this asker may be told so
    not_known         nobody whom this asker may know of
    could_not_check   it might be somebody whom they may know of, and a person must say; or there is
                      no name or birth date to go by; or the policies cannot be evaluated
    refused           this asker may not ask, or has asked too often

A verdict is made over those alone whom this asker may be told of: whoever is withheld changes no
answer, and casts no doubt (existence.py). Nobody is found through a provisional subject.
"""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from broker.again import Deciding
from broker.calling import Calls
from broker.desk_ports import Inquiries
from broker.directory import hub_of
from broker.domain.directory_keys import KeyOf
from broker.domain.identity import Appearance
from broker.domain.ids import OrganisationId, SubjectId
from broker.domain.inquiry import Answer, AuditedAnswer, Evaluated, Form, Inquiry, Told
from broker.domain.known import Known
from broker.domain.pointer import NO_POLICY
from broker.errors import PoliciesUnusable, Rejected
from broker.identity.appearance import appearance_from
from broker.inquiring.existence import Standing, may_ask, whom_to_ring
from broker.inquiring.oprf import Scalar
from broker.inquiring.reading import claims_of, elements_of, inquiry_from, tokens_of
from broker.inquiring.recognising import recognised
from broker.ledger.entry import commitment, leaf_bytes
from broker.ports import Policies, Store, Transaction

Rings = Mapping[SubjectId, OrganisationId]
"""Of whom this asker may be told that something exists, and whom to ring about each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """Takes one signed question at a time. Raises Rejected with the reason, or TryAgain."""

    key_of: KeyOf
    deciding: Deciding
    store: Store
    inquiries: Inquiries
    calls: Calls
    an_hour: int  # how many questions of one form an organisation may ask
    blind_keys: Mapping[str, Scalar] = field(default_factory=dict, repr=False)  # by their ids

    async def known(self, token: bytes) -> Told:
        """Asked in clear: a name, a birth date, perhaps an address or a number."""
        inquiry = self._read(token, Form.CLEAR)
        asked = appearance_from(claims_of(inquiry), self.deciding.now().date())
        policies = await self._begun(inquiry)
        if isinstance(policies, Answer):
            return await self._told(inquiry, policies)
        keys = self.deciding.matching.keys(asked, self.deciding.now())
        async with self.store.transaction() as transaction:
            known = await self.deciding.likely(transaction, keys.asked)
            rings = await self._rings(transaction, known, inquiry, policies)
        crowded = not known.crowded.isdisjoint(keys.asked)
        answer, subject = self._recognised(asked, known, rings, crowded=crowded)
        _, meant = self._recognised(asked, known, known.profiles, crowded=crowded)
        ring = None if subject is None else rings[subject]
        return await self._told(inquiry, answer, ring=ring, meant=meant, known=known)

    async def evaluated(self, token: bytes) -> Evaluated | Told:
        """The first half of a blind question: what was blinded, under the key in use."""
        inquiry = self._read(token, Form.BLIND)
        elements = elements_of(inquiry)
        key = await self.inquiries.answering_key(list(self.blind_keys))
        if key is None:
            raise Rejected("not_asked_blind_here")
        policies = await self._begun(inquiry)
        if isinstance(policies, Answer):
            return await self._told(inquiry, policies)
        made = await asyncio.to_thread(_evaluated, elements, self.blind_keys[key])
        await self.inquiries.keep(self._audited(inquiry, None))
        return Evaluated(key, made)

    async def by_tokens(self, token: bytes) -> Told:
        """The second half: the digests that came of it."""
        inquiry = self._read(token, Form.TOKENS)
        key, tokens = tokens_of(inquiry)
        if key not in self.blind_keys:
            raise Rejected("key_not_in_use")
        policies = await self._begun(inquiry)
        if isinstance(policies, Answer):
            return await self._told(inquiry, policies)
        found = await self.inquiries.held_under(key, tokens)
        async with self.store.transaction() as transaction:
            known = await self.deciding.likely_named(transaction, found)
            rings = await self._rings(transaction, known, inquiry, policies)
        sure = [each for each in rings if not known.profiles[each].provisional]
        meant = [each for each, held in known.profiles.items() if not held.provisional]
        answer = Answer.NOT_KNOWN if not rings else Answer.COULD_NOT_CHECK
        if len(sure) == 1:
            answer = Answer.KNOWN
        return await self._told(
            inquiry,
            answer,
            ring=rings[sure[0]] if answer is Answer.KNOWN else None,
            meant=meant[0] if len(meant) == 1 else None,
            known=known,
        )

    def _read(self, token: bytes, form: Form) -> Inquiry:
        return inquiry_from(
            token,
            form,
            key_of=self.key_of,
            directory=self.deciding.directory,
            now=self.deciding.now(),
        )

    async def _begun(self, inquiry: Inquiry) -> Policies | Answer:
        """Counted, whoever asks; the policies in force, or the answer that needs no look."""
        now = self.deciding.now()
        if not await self.inquiries.begin(inquiry, most=self.an_hour, now=now):
            return Answer.REFUSED
        try:
            policies = self.deciding.in_force(now)
            allowed = may_ask(
                inquiry.asker,
                inquiry.purpose,
                policies=policies,
                directory=self.deciding.directory,
            )
        except PoliciesUnusable as why:
            self.calls(why)
            return Answer.COULD_NOT_CHECK
        self.calls.over()
        return policies if allowed else Answer.REFUSED

    async def _rings(
        self, transaction: Transaction, known: Known, inquiry: Inquiry, policies: Policies
    ) -> Rings:
        concerns: dict[SubjectId, Sequence[Standing]] = {}
        for subject in sorted(known.profiles):
            kept = await transaction.standing(subject)
            concerns[subject] = [(self.deciding.opened(each.kept), each.match) for each in kept]
        doubted = {
            other for each in concerns.values() for _, match in each for other in match.doubted
        }
        seen = await self.deciding.seen(transaction, {*concerns, *doubted})
        rings = {}
        for subject, each in concerns.items():
            ring = whom_to_ring(
                each,
                seen,
                inquiry.asker,
                policies=policies,
                directory=self.deciding.directory,
            )
            if ring is not None:
                rings[subject] = ring
        return rings

    def _recognised(
        self, asked: Appearance, known: Known, among: Collection[SubjectId], *, crowded: bool
    ) -> tuple[Answer, SubjectId | None]:
        profiles = [known.profiles[each] for each in sorted(among)]
        return recognised(asked, profiles, matching=self.deciding.matching, crowded=crowded)

    async def _told(
        self,
        inquiry: Inquiry,
        answer: Answer,
        *,
        ring: OrganisationId | None = None,
        meant: SubjectId | None = None,
        known: Known | None = None,
    ) -> Told:
        """Recorded, then told."""
        key = known.subject_keys[meant] if known is not None and meant is not None else None
        await self.inquiries.keep(self._audited(inquiry, answer, meant, key))
        hub = hub_of(inquiry.asker.organisation, self.deciding.directory)
        return Told(answer, ring or hub)

    def _audited(
        self,
        inquiry: Inquiry,
        answer: Answer | None,
        subject: SubjectId | None = None,
        subject_key: bytes | None = None,
    ) -> AuditedAnswer:
        """Who asked and what was answered; nothing of what was asked."""
        now, salt = self.deciding.now(), self.deciding.chance.salt()
        record = {
            "inquiry": inquiry.id,
            "form": inquiry.form.value,
            "person": inquiry.person,
            "role": inquiry.asker.role.value,
            "purpose": inquiry.purpose,
            "answer": None if answer is None else answer.value,
            "at": now.isoformat(),
        }
        entry = leaf_bytes(
            kind="asked",
            at=now,
            organisations=(inquiry.asker.organisation,),
            references=(inquiry.id,),
            policy=self._version(now),
            commit=commitment(salt, record),
        )
        return AuditedAnswer(
            inquiry=inquiry,
            answer=answer,
            entry=entry,
            record=json.dumps({"salt": salt.hex(), "record": record}).encode(),
            at=now,
            subject=subject,
            subject_key=subject_key,
        )

    def _version(self, now: datetime) -> str:
        try:
            return self.deciding.in_force(now).version
        except PoliciesUnusable:
            return NO_POLICY


def _evaluated(elements: Sequence[bytes], key: Scalar) -> list[bytes]:
    return [key.times(each) for each in elements]
