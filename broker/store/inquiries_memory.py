"""The twin in memory of inquiries.py."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from broker.domain.identity import KeptProfile
from broker.domain.ids import SubjectId
from broker.domain.inquiry import AuditedAnswer, Inquiry
from broker.errors import Rejected
from broker.store.memory import MemoryStore


@dataclass(slots=True)
class MemoryInquiries:
    """The Inquiries of desk_ports.py, beside a store in memory."""

    store: MemoryStore
    begun: set[tuple[str, str]] = field(default_factory=set)
    hours: Counter[tuple[str, str, datetime]] = field(default_factory=Counter)
    answers: list[AuditedAnswer] = field(default_factory=list)
    keys: dict[str, datetime | None] = field(default_factory=dict)
    tokens: dict[str, dict[SubjectId, tuple[int, Mapping[bytes, bool]]]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    async def begin(self, inquiry: Inquiry, *, most: int, now: datetime) -> bool:
        organisation = inquiry.asker.organisation
        if (organisation, inquiry.id) in self.begun:
            raise Rejected("asked_before")
        self.begun.add((organisation, inquiry.id))
        hour = now.replace(minute=0, second=0, microsecond=0)
        if self.hours[organisation, inquiry.form.value, hour] >= most:
            return False
        self.hours[organisation, inquiry.form.value, hour] += 1
        return True

    async def keep(self, answered: AuditedAnswer) -> None:
        self.answers.append(answered)

    async def held_under(self, key: str, tokens: Collection[bytes]) -> frozenset[SubjectId]:
        twins = {each for pair in self.store.tables.born_alike for each in pair}
        return frozenset(
            subject
            for subject, (_, held) in self.tokens[key].items()
            if any(token in held and (held[token] or subject not in twins) for token in tokens)
            and self.store.tables.subject[subject]["state"] != "redirected"
        )

    async def answering_key(self, keys: Collection[str]) -> str | None:
        whole = {key: at for key, at in self.keys.items() if at is not None and key in keys}
        return max(whole, key=lambda each: whole[each], default=None)

    async def use_keys(self, keys: Collection[str]) -> None:
        self.keys = {key: self.keys.get(key) for key in keys}
        for key in set(self.tokens) - set(keys):
            del self.tokens[key]

    async def unindexed(self, key: str, most: int) -> Sequence[tuple[KeptProfile, bytes]]:
        async with self.store.transaction() as transaction:
            known = await transaction.likely((), datetime.max.replace(tzinfo=UTC))
        return [
            (kept, known.subject_keys[subject])
            for subject, kept in sorted(known.kept_profiles.items())
            if self.tokens[key].get(subject, (None,))[0] != kept.version
        ][:most]

    async def index(
        self, key: str, subject: SubjectId, version: int, tokens: Mapping[bytes, bool]
    ) -> None:
        self.tokens[key][subject] = (version, dict(tokens))

    async def complete(self, key: str, now: datetime) -> None:
        self.keys[key] = self.keys[key] or now
