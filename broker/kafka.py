"""
The one home of aiokafka in the broker: batches in from where PostgreSQL says, sealed bytes out.

Kafka's own group offsets are a hint for lag only. Where a partition goes on is `kafka_offset.next`,
which moved in the same transaction as the effects of what was read.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError
from aiokafka.structs import ConsumerRecord

from broker.domain.batch import Received
from broker.domain.outgoing import Outgoing
from broker.errors import KafkaUnavailable

NextOffsets = Callable[[Collection[str]], Awaitable[Mapping[tuple[str, int], int]]]
Place = tuple[str, int]

_WAIT_FOR_KAFKA = 30.0  # seconds; longer than any leader election


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What one partition brought at once: `first` is where reading stood, not what came first."""

    topic: str
    partition: int
    first: int
    records: Sequence[Received] = field(repr=False)

    @property
    def following(self) -> int:
        return self.records[-1].offset + 1


class Partitions(ConsumerRebalanceListener):  # type: ignore[misc]
    """The partitions that are this worker's now, each read on from where the store says."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        next_offsets: NextOffsets,
        topics: Collection[str],
        most: int,
    ) -> None:
        self._consumer = consumer
        self._next_offsets = next_offsets
        self._topics = topics
        self._most = most
        self._stands: dict[Place, int] = {}
        self.ready = asyncio.Event()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        await self._seek([(each.topic, each.partition) for each in assigned])
        self.ready.set()

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        for each in revoked:
            self._stands.pop((each.topic, each.partition), None)

    async def _seek(self, places: Collection[Place]) -> None:
        known = await self._next_offsets({topic for topic, _ in places})
        fresh = [TopicPartition(*place) for place in places if place not in known]
        begin = await self._consumer.beginning_offsets(fresh) if fresh else {}
        for place in places:
            stands = known.get(place)
            if stands is None:
                stands = begin[TopicPartition(*place)]
            self._stands[place] = stands
            self._consumer.seek(TopicPartition(*place), stands)

    async def begin_again(self, place: Place) -> None:
        """After a batch was undone: read on from where the store says, which may have moved."""
        if TopicPartition(*place) in self._consumer.assignment():
            await self._seek([place])

    async def batches(self, wait_ms: int = 200) -> list[Records]:
        """The next records of each partition, in order; empty when nothing came meanwhile."""
        found = await self._consumer.getmany(timeout_ms=wait_ms, max_records=self._most)
        brought = []
        for place, messages in found.items():
            records = await self._in_order((place.topic, place.partition), messages)
            if records is not None:
                brought.append(records)
        return brought

    async def _in_order(self, place: Place, messages: Sequence[ConsumerRecord]) -> Records | None:
        """
        The records from where reading stands. Those fetched before the seek took effect are not
        used: a record that is ahead without reason means another look from the right place.
        """
        stands = self._stands.get(place)
        if stands is None or not messages:
            return None
        if messages[0].offset != stands:
            partition = TopicPartition(*place)
            oldest = (await self._consumer.beginning_offsets([partition]))[partition]
            if messages[0].offset != oldest or oldest < stands:
                await self.begin_again(place)
                return None
        records = [received(message) for message in messages]
        brought = Records(topic=place[0], partition=place[1], first=stands, records=records)
        self._stands[place] = brought.following
        return brought


def received(message: ConsumerRecord) -> Received:
    """A record with its headers as text; what is not text is replaced, and then fails its check."""
    headers = {name: value.decode("utf-8", "replace") for name, value in message.headers}
    return Received(offset=message.offset, headers=headers, value=message.value or b"")


@asynccontextmanager
async def partitions(
    bootstrap: str,
    *,
    group: str,
    topics: Sequence[str],
    next_offsets: NextOffsets,
    most: int,
) -> AsyncIterator[Partitions]:
    """Join the group that shares these topics; leave it at the end."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_poll_records=most,
        session_timeout_ms=10_000,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    shared = Partitions(consumer, next_offsets, topics, most)
    consumer.subscribe(topics=list(topics), listener=shared)
    try:
        await consumer.start()
        yield shared
    except KafkaError as error:
        raise KafkaUnavailable("kafka_unavailable", type(error).__name__) from error
    finally:
        await consumer.stop()


class Tail:
    """Topics read by one program, whose group offsets are all that it remembers."""

    def __init__(self, consumer: AIOKafkaConsumer, silence: float) -> None:
        self._consumer = consumer
        self._silence = silence

    async def records(self) -> AsyncIterator[list[tuple[str, Received]]]:
        """Ends after the silence that was asked for; never, when that is 0."""
        quiet_since = asyncio.get_running_loop().time()
        while True:
            found = await self._consumer.getmany(timeout_ms=500)
            now = asyncio.get_running_loop().time()
            if found:
                quiet_since = now
                yield [
                    (place.topic, received(message))
                    for place, messages in found.items()
                    for message in messages
                ]
            elif self._silence and now - quiet_since > self._silence:
                return

    async def commit(self) -> None:
        await self._consumer.commit()


@asynccontextmanager
async def tail(
    bootstrap: str, *, group: str, topics: Sequence[str], silence: float = 0
) -> AsyncIterator[Tail]:
    """From where this group's last commit stands, else from the beginning."""
    consumer = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    try:
        await consumer.start()
        yield Tail(consumer, silence)
    except KafkaError as error:
        raise KafkaUnavailable("kafka_unavailable", type(error).__name__) from error
    finally:
        await consumer.stop()


class Sender:
    """Publishes many at once and answers when Kafka has acknowledged every one."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def send(self, outgoing: Sequence[Outgoing]) -> list[Place]:
        """Topic-partition and offset of each. Raises KafkaUnavailable: send all of them again."""
        try:
            async with asyncio.timeout(_WAIT_FOR_KAFKA):
                waiting = [
                    await self._producer.send(
                        each.topic,
                        key=each.key.encode(),
                        value=each.value,
                        headers=[(name, text.encode()) for name, text in each.headers.items()],
                    )
                    for each in outgoing
                ]
                done = await asyncio.gather(*waiting)
        except (KafkaError, TimeoutError) as error:
            raise KafkaUnavailable("kafka_unavailable", type(error).__name__) from error
        return [(f"{each.topic}-{each.partition}", each.offset) for each in done]


@asynccontextmanager
async def sender(bootstrap: str) -> AsyncIterator[Sender]:
    """A producer that waits for every replica and never writes twice."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        linger_ms=5,
        max_batch_size=512 * 1024,
        max_request_size=1024 * 1024,
    )
    try:
        await producer.start()
        yield Sender(producer)
    except KafkaError as error:
        raise KafkaUnavailable("kafka_unavailable", type(error).__name__) from error
    finally:
        await producer.stop()


async def _ask_about(bootstrap: str, topics: Sequence[str]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for topic in topics:
            await producer.partitions_for(topic)
    finally:
        await producer.stop()


async def make_topics(bootstrap: str, topics: Collection[str], *, count: int) -> list[str]:
    """Create those that are not there yet, with `count` partitions each; returns what was made."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    missing: list[str] = []
    try:
        missing = sorted(set(topics) - set(await admin.list_topics()))
        wanted = [NewTopic(name, num_partitions=count, replication_factor=1) for name in missing]
        if wanted:
            await admin.create_topics(wanted)
    except TopicAlreadyExistsError:
        return []  # another process was quicker
    except AttributeError:  # no controller: librdkafka's broker makes a topic that is asked about
        await _ask_about(bootstrap, missing)
    finally:
        await admin.close()
    return missing
