"""
The edge, the same for every agency: spool, sign, seal, publish, answer (FORMATS.md 2 rule 1).

The sender is answered when Kafka has acknowledged, and not before. What could not be read goes to
the organisation's quarantine topic, sealed, and is answered too: nothing is dropped on the floor.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from adapters.contract import NOT_FETCHED, Event, Item, Nothing, Pointer, Quarantined, Read, Site
from adapters.events import cloud_event, lane, thread_of
from adapters.spool import Spool
from broker import sdjwt
from broker.domain.directory_keys import SealingKey
from broker.domain.ids import KeyId
from broker.domain.outgoing import Outgoing
from broker.domain.topics import concerns_topic, quarantine_topic
from broker.domain.words import EventType, Lane
from broker.errors import Rejected
from broker.schemas import BROKER_ONLY
from broker.sealing import NOTIFICATION, QUARANTINE, seal
from broker.telemetry import say

_log = logging.getLogger(__name__)
_LONG = 256 * 1024
_MOST_KEPT = sdjwt.MOST_BYTES
_DISCLOSABLE = {*BROKER_ONLY, "fact"}


class Sends(Protocol):
    async def send(self, outgoing: Sequence[Outgoing]) -> Sequence[tuple[str, int]]:
        """Topic-partition and offset of each. Raises KafkaUnavailable: send all of them again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteKeys:
    """What a site holds: its organisation's signing key, its event key, the broker's public key."""

    kid: KeyId
    sign: Callable[[bytes], bytes]
    event_key: bytes
    broker: SealingKey
    random: Callable[[int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the sender is told about one message: no content."""

    outcome: str  # notification, fact, nothing, quarantine, waiting
    id: str | None = None
    reason: str | None = None
    detail: str = ""
    reference: str | None = None
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    never_seen: tuple[str, ...] = ()  # fields of theirs that nobody has mapped, each told once


def token_of(data: Mapping[str, Any], keys: SiteKeys) -> str:
    """Plain claims are what every recipient may know; all else is disclosable."""
    plain = {name: value for name, value in data.items() if name not in _DISCLOSABLE}
    categories = plain.pop("categories", {})
    claims = {
        f"{category}.{part}": value
        for category, parts in categories.items()
        for part, value in parts.items()
    }
    claims |= {name: data[name] for name in sorted(_DISCLOSABLE) if name in data}
    claims.setdefault("present", {})
    return sdjwt.issue(
        plain,
        claims,
        kid=keys.kid,
        sign=keys.sign,
        salt=lambda: keys.random(sdjwt.SALT_BYTES),
    )


def signed(event: Event, where: Site, keys: SiteKeys) -> str:
    """One event as a token, for what travels without Kafka. Raises Rejected: its schema's path."""
    made = cloud_event(event, where, event_key=keys.event_key)
    if isinstance(made, Quarantined):
        raise Rejected(made.reason, made.detail)
    return token_of(made["data"], keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One feed: a site, its format, its keys, its spool."""

    site: Site
    reads: Read
    keys: SiteKeys
    spool: Spool
    sender: Sends
    pointers: Callable[[bytes], Sequence[Pointer]] | None = None
    """Where a feed only points elsewhere and somebody fetches: what of it must be fetched."""

    async def take(self, native: bytes, received: datetime) -> list[Answer]:
        """Everything in these bytes, published. Raises KafkaUnavailable: nothing was lost."""
        where = replace(self.site, received=received)
        if len(native) > _LONG:  # others are not made to wait while it is read
            items = await asyncio.to_thread(self.reads, native, where)
        else:
            items = self.reads(native, where)
        return await self.publish(items, where, native)

    async def set_aside(
        self, native: bytes, reason: str, detail: str, received: datetime
    ) -> list[Answer]:
        """What a transport could not even hand over to be read, kept for a person."""
        where = replace(self.site, received=received)
        return await self.publish([Quarantined(reason=reason, detail=detail)], where, native)

    async def publish(self, items: Sequence[Item], where: Site, native: bytes) -> list[Answer]:
        with self.spool.together():  # one write to the disk, however many rows a file has
            made = [self._noticed(item, self._made(item, where, native)) for item in items]
            if any(each is not None for _, each in made):
                self.spool.keep_original(native)
            if any(answer.outcome == "waiting" for answer, _ in made):
                self._wait(native, where.received)
        outgoing = [each for _, each in made if each is not None]
        places = iter(await self.sender.send(outgoing)) if outgoing else iter(())
        with self.spool.together():
            return [
                answer if each is None else self._placed(answer, *next(places))
                for answer, each in made
            ]

    def _wait(self, native: bytes, since: datetime) -> None:
        for pointer in self.pointers(native) if self.pointers is not None else ():
            self.spool.wait_for(pointer, since)

    def _placed(self, answer: Answer, at: str, offset: int) -> Answer:
        topic, _, part = at.rpartition("-")
        if answer.id is not None:
            self.spool.acknowledged(answer.id, topic, int(part), offset)
        return replace(answer, topic=topic, partition=int(part), offset=offset)

    def _noticed(
        self, item: Item, made: tuple[Answer, Outgoing | None]
    ) -> tuple[Answer, Outgoing | None]:
        """A field that this feed never sent before is said once: its name, never its value."""
        new = tuple(name for name in item.unseen if self.spool.notices(name))
        for name in new:
            say(_log, "field never seen before", source=self.site.source, field=name)
        return (replace(made[0], never_seen=new), made[1]) if new else made

    def _made(self, item: Item, where: Site, native: bytes) -> tuple[Answer, Outgoing | None]:
        if isinstance(item, Nothing):
            return Answer(outcome="nothing", reason=item.reason), None
        if isinstance(item, Quarantined):
            if item.reason == NOT_FETCHED and self.pointers is not None:
                return Answer(outcome="waiting", reason=item.reason, detail=item.detail), None
            return self._quarantined(item, where, native)
        thread = thread_of(item, where, self.keys.event_key)
        if item.type is EventType.CONCERN_RETRACTED and not self.spool.raised(thread):
            if item.without_original == "nothing":
                return Answer(outcome="nothing", reason="never_raised"), None
            return self._quarantined(Quarantined(reason=item.without_original), where, native)
        event = cloud_event(item, where, event_key=self.keys.event_key)
        if isinstance(event, Quarantined):
            return self._quarantined(event, where, native)
        return self._signed(event, lane(item), where)

    def _signed(self, event: dict[str, Any], on: Lane, where: Site) -> tuple[Answer, Outgoing]:
        made = event["id"]
        token = self.spool.token(made) or self.spool.keep(
            made, event["data"]["thread"], event["type"], token_of(event["data"], self.keys)
        )
        concern = event["type"] in {"concern.raised", "concern.retracted"}
        answer = Answer(
            outcome="notification" if concern else "fact",
            id=made,
            reference=event["data"]["reference"],
        )
        headers = {f"ce_{name}": str(event[name]) for name in _HEADERS}
        sealed = self._sealed(token.encode(), (NOTIFICATION, made, where.organisation))
        topic = concerns_topic(where.organisation, on)
        return answer, Outgoing(
            topic=topic,
            key=event["partitionkey"],
            value=sealed,
            headers={**headers, "content-type": event["datacontenttype"]},
        )

    def _quarantined(
        self, item: Quarantined, where: Site, native: bytes
    ) -> tuple[Answer, Outgoing]:
        kept = item.excerpt or native
        said = {"reason": item.reason, "detail": item.detail}
        if len(kept) > _MOST_KEPT or kept is not native:  # the whole of it stays in the spool
            said["original"] = hashlib.sha256(native).hexdigest()
        made = hashlib.sha256(kept + item.reason.encode() + item.detail.encode()).hexdigest()[:26]
        body = json.dumps(said).encode() + b"\n" + kept
        parts = (QUARANTINE, made, where.organisation)
        answer = Answer(outcome="quarantine", reason=item.reason, detail=item.detail)
        return answer, Outgoing(
            topic=quarantine_topic(where.organisation),
            key=made,
            value=self._sealed(body[:_MOST_KEPT], parts),
            headers={
                "ce_id": made,
                "reason": item.reason,
                "detail": item.detail[:200],
                "lane": item.lane.value,
            },
        )

    def _sealed(self, content: bytes, parts: tuple[str, str, str]) -> bytes:
        return seal(content, to=self.keys.broker, parts=parts, data_key=self.keys.random(32))


_HEADERS = ("specversion", "id", "source", "type", "time", "subject", "dataschema", "partitionkey")
