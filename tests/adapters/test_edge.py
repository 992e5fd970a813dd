"""The edge: spool, sign, seal, publish, answer. Sending again is harmless."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.edge import Edge, SiteKeys
from adapters.folder import Folder
from adapters.formats import ADAPTERS
from adapters.http import MOST_BYTES, adapter_app
from adapters.sites import read_profile, site
from adapters.spool import Spool
from broker.domain.outgoing import Outgoing
from broker.domain.words import Agency
from broker.errors import KafkaUnavailable
from deploy.local.parts import wait_until
from tests.adapters.test_samples import RECEIVED, ROOT
from tests.world import BROKER_PUBLIC, SCHOOL, kid_of, numbered, secret, signing_secret

SAMPLE = (ROOT / "schools/samples/safeguarding.csv").read_bytes()
OUTCOMES = [
    "notification",
    "notification",
    "nothing",
    "quarantine",
    "notification",
    "notification",
    "quarantine",
]


class Topics:
    """Kafka's twin: what was published, and whether it answers."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.silent = False
        self.refused = asyncio.Event()

    async def send(self, outgoing: Sequence[Outgoing]) -> list[tuple[str, int]]:
        if self.silent:
            self.refused.set()
            raise KafkaUnavailable("kafka_unavailable", "test")
        places = [(f"{each.topic}-0", len(self.sent) + n) for n, each in enumerate(outgoing)]
        self.sent += outgoing
        return places


@pytest.fixture
def topics() -> Topics:
    return Topics()


@pytest.fixture
def edge(tmp_path: Path, topics: Topics) -> Iterator[Edge]:
    found = ADAPTERS[Agency.SCHOOLS]["csv-profile"]
    spool = Spool(tmp_path / "spool.sqlite")
    yield Edge(
        site=site(Agency.SCHOOLS, read_profile(Agency.SCHOOLS, found.profile), RECEIVED),
        reads=found.read,
        keys=SiteKeys(
            kid=kid_of(SCHOOL),
            sign=signing_secret(SCHOOL).sign,
            event_key=secret("event"),
            broker=BROKER_PUBLIC,
            random=numbered(),
        ),
        spool=spool,
        sender=topics,
    )
    spool.close()


async def test_every_row_is_answered_and_each_goes_to_its_own_topic(
    edge: Edge, topics: Topics
) -> None:
    answers = await edge.take(SAMPLE, RECEIVED)
    assert [answer.outcome for answer in answers] == OUTCOMES
    published = {each.topic for each in topics.sent}
    assert published == {
        "concerns.school-999001.routine",
        "concerns.school-999001.emergency",
        "quarantine.school-999001",
    }
    assert all(answer.topic for answer in answers if answer.outcome != "nothing")


async def test_sending_again_sends_the_same_signed_token(edge: Edge, topics: Topics) -> None:
    first = await edge.take(SAMPLE, RECEIVED)
    tokens = {answer.id: edge.spool.token(answer.id or "") for answer in first if answer.id}
    second = await edge.take(SAMPLE, RECEIVED)
    assert [answer.id for answer in first] == [answer.id for answer in second]
    assert tokens == {
        answer.id: edge.spool.token(answer.id or "") for answer in second if answer.id
    }


async def test_while_kafka_is_silent_the_sender_is_not_told_that_all_is_well(
    edge: Edge, topics: Topics
) -> None:
    topics.silent = True
    with pytest.raises(KafkaUnavailable):
        await edge.take(SAMPLE, RECEIVED)
    topics.silent = False
    assert [each.outcome for each in await edge.take(SAMPLE, RECEIVED)] == OUTCOMES


async def test_a_retraction_of_what_was_never_raised_here_goes_to_a_person(edge: Edge) -> None:
    header, *_ = SAMPLE.split(b"\r\n")
    row = next(line for line in SAMPLE.split(b"\r\n") if b"Entered in error" in line)
    (answer,) = await edge.take(header + b"\r\n" + row + b"\r\n", RECEIVED)
    assert (answer.outcome, answer.reason) == ("quarantine", "retraction_without_original")


async def test_what_leaves_is_sealed_and_headers_name_nobody(edge: Edge, topics: Topics) -> None:
    await edge.take(SAMPLE, RECEIVED)
    for each in topics.sent:
        whole = each.value + json.dumps(dict(each.headers)).encode() + each.key.encode()
        for canary in (b"Mara", b"Fennick", b"Craig", b"jumper", b"4471"):
            assert canary not in whole


async def test_a_file_is_taken_when_it_stands_still_and_the_result_holds_no_content(
    edge: Edge, tmp_path: Path
) -> None:
    inbox, stop = tmp_path / "in", asyncio.Event()
    folder = Folder(path=inbox, edge=edge, still=0.0, now=lambda: RECEIVED)
    inbox.mkdir()
    (inbox / "export.csv").write_bytes(SAMPLE)
    result = inbox / "done" / "export.csv.result.csv"
    async with asyncio.TaskGroup() as running:
        running.create_task(folder.run(stop))
        taken = (inbox / "done" / "export.csv").exists
        assert await asyncio.to_thread(wait_until, taken, 30)
        stop.set()
    text = result.read_text()
    assert [line.split(",")[1].strip('"') for line in text.splitlines()[1:]] == OUTCOMES
    assert "Mara" not in text


async def posted(app: Any, path: str, body: Sequence[bytes]) -> tuple[int, dict[str, Any]]:
    """One POST, as a server passes it on."""
    chunks = [
        {"type": "http.request", "body": part, "more_body": n < len(body) - 1}
        for n, part in enumerate(body)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return chunks.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "headers": [],
        "query_string": b"", "http_version": "1.1", "scheme": "http", "server": ("test", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    content = b"".join(message.get("body", b"") for message in sent)
    return int(sent[0]["status"]), json.loads(content)


async def test_http_answers_202_when_kafka_has_it_and_503_while_it_has_not(
    edge: Edge, topics: Topics
) -> None:
    app = adapter_app({"school": edge}, lambda: RECEIVED)
    status, told = await posted(app, "/feeds/school", [SAMPLE])
    assert (status, told["quarantined"], len(told["messages"])) == (202, True, len(OUTCOMES))
    topics.silent = True
    status, told = await posted(app, "/feeds/school", [SAMPLE])
    assert (status, told["type"]) == (503, "urn:concern-broker:problem:try_again")


async def test_a_body_that_is_too_large_is_refused_while_it_comes_in(edge: Edge) -> None:
    app = adapter_app({"school": edge}, lambda: RECEIVED)
    part = b"x" * (1024 * 1024)
    status, _ = await posted(app, "/feeds/school", [part] * (MOST_BYTES // len(part) + 2))
    assert status == 413


async def test_a_feed_that_is_not_there(edge: Edge) -> None:
    status, told = await posted(adapter_app({"school": edge}, lambda: RECEIVED), "/feeds/x", [b""])
    assert status == 404
    assert "no feed" in told["title"]


async def test_another_sites_key_makes_other_ids(edge: Edge) -> None:
    other = replace(edge, keys=replace(edge.keys, event_key=secret("other")))
    first, second = await edge.take(SAMPLE, RECEIVED), await other.take(SAMPLE, RECEIVED)
    assert not {each.id for each in first if each.id} & {each.id for each in second if each.id}
