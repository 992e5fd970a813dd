"""A real MLLP listener on a real socket: AA, AE and AR, and it stays up whatever is sent."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.edge import Edge, SiteKeys
from adapters.formats import ADAPTERS
from adapters.health.hl7v2.answer import Outcome, answer
from adapters.mllp import FS, KEPT, VT, Frame, Listener, Unframer, deliver, framed
from adapters.sites import read_profile, site
from adapters.spool import Spool
from broker.domain.outgoing import Outgoing
from broker.domain.words import Agency
from broker.errors import TryAgain
from tests.adapters.health.hl7 import CONCERN, message
from tests.adapters.held import RECEIVED
from tests.adapters.test_edge import Topics
from tests.world import BROKER_PUBLIC, SCHOOL, kid_of, numbered, secret, signing_secret

CODED = message("ORU^R01", "OBR|1||777|SAFE", f"OBX|1|CWE|{CONCERN}||Y||||||F")
SMALL = 100_000


@asynccontextmanager
async def listening(folder: Path, topics: Topics, most: int = SMALL) -> AsyncIterator[int]:
    spool = Spool(folder / "spool.sqlite")
    form = ADAPTERS[Agency.HEALTH]["hl7v2"]
    edge = Edge(
        site=site(Agency.HEALTH, read_profile(Agency.HEALTH, form.profile), RECEIVED),
        reads=form.read,
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
    try:
        async with Listener(edge=edge, now=lambda: RECEIVED, most=most).listening(
            "127.0.0.1", 0
        ) as port:
            yield port
    finally:
        spool.close()


async def talk(port: int, sent: bytes, answers: int) -> list[bytes]:
    """What the listener says to these bytes, on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        await writer.drain()
        return [(await reader.readuntil(FS)).strip(VT + FS + b"\r") for _ in range(answers)]
    finally:
        writer.close()


def msa(reply: bytes) -> list[str]:
    (line,) = [each for each in reply.decode().split("\r") if each.startswith("MSA")]
    return line.split("|")[1:]


async def test_the_sender_hears_aa_once_kafka_has_it(tmp_path: Path) -> None:
    topics = Topics()
    async with listening(tmp_path, topics) as port:
        (reply,) = await talk(port, framed(CODED), 1)
    assert msa(reply)[:2] == ["AA", "RZZ0001"]
    assert reply.startswith(b"MSH|^~\\&|BROKER|RZZ|PAS|RZZ|")
    assert [each.topic for each in topics.sent] == ["concerns.ods-RZZ.routine"]


async def test_sent_again_it_has_the_same_effects_once(tmp_path: Path) -> None:
    topics = Topics()
    async with listening(tmp_path, topics) as port:
        replies = await talk(port, framed(CODED) * 3, 3)
    assert [msa(reply)[0] for reply in replies] == ["AA"] * 3
    assert len({each.headers["ce_id"] for each in topics.sent}) == 1


async def test_what_a_person_must_see_is_answered_aa_with_the_reason(tmp_path: Path) -> None:
    relative = CODED.replace(b"836881000000105", b"1064961000000107")
    async with listening(tmp_path, Topics()) as port:
        (reply,) = await talk(port, framed(relative), 1)
    assert msa(reply) == ["AA", "RZZ0001", "about_relative"]


async def test_while_kafka_is_silent_the_sender_hears_ae_and_may_send_again(
    tmp_path: Path,
) -> None:
    topics = Topics()
    topics.silent = True
    async with listening(tmp_path, topics) as port:
        (reply,) = await talk(port, framed(CODED), 1)
        assert msa(reply)[0] == "AE"
        topics.silent = False
        (reply,) = await talk(port, framed(CODED), 1)
        assert msa(reply)[0] == "AA"


async def test_what_is_too_long_hears_ar_on_a_connection_that_lives(tmp_path: Path) -> None:
    topics = Topics()
    long = CODED.rstrip(b"\r") + b"x" * SMALL + b"\r"
    async with listening(tmp_path, topics) as port:
        first, second = await talk(port, framed(long) + framed(CODED), 2)
    assert msa(first) == ["AR", "RZZ0001", "too_large"]
    assert msa(second)[0] == "AA"
    kept = [each for each in topics.sent if each.topic.startswith("quarantine")]
    assert [each.headers["reason"] for each in kept] == ["too_large"]
    assert len(kept[0].value) < 2 * KEPT


async def test_what_is_no_hl7_hears_ar(tmp_path: Path) -> None:
    async with listening(tmp_path, Topics()) as port:
        (reply,) = await talk(port, framed(b"GET / HTTP/1.1"), 1)
        assert msa(reply)[0] == "AR"
        (reply,) = await talk(port, b"GET / HTTP/1.1\r\n\r\n" + framed(CODED), 1)
        assert msa(reply)[0] == "AR"
        (reply,) = await talk(port, framed(CODED), 1)
        assert msa(reply)[0] == "AA"


async def test_a_frame_that_is_never_closed_is_kept_for_a_person(tmp_path: Path) -> None:
    topics = Topics()
    async with listening(tmp_path, topics) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(VT + CODED)
        writer.write_eof()
        reply = (await reader.readuntil(FS)).strip(VT + FS + b"\r")
        writer.close()
    assert msa(reply) == ["AR", "RZZ0001", "never_closed"]
    assert [each.headers["reason"] for each in topics.sent] == ["not_this_format"]


async def test_a_fault_of_ours_does_not_end_the_listener(tmp_path: Path) -> None:
    class Broken(Topics):
        async def send(self, outgoing: Sequence[Outgoing]) -> list[tuple[str, int]]:
            raise ValueError("a fault")

    async with listening(tmp_path, Broken()) as port:
        for _ in range(2):
            (reply,) = await talk(port, framed(CODED), 1)
            assert msa(reply)[0] == "AE"


async def test_the_client_tells_what_was_answered_and_when_nobody_did(tmp_path: Path) -> None:
    async with listening(tmp_path, Topics()) as port:
        assert await deliver(CODED, "127.0.0.1", port) == "AA"
    with pytest.raises(TryAgain):
        await deliver(CODED, "127.0.0.1", port)


def test_enhanced_mode_is_answered_with_a_commit() -> None:
    asks = CODED.replace(b"|AL|NE|", b"|AL||")
    assert msa(answer(asks, Outcome("AA"), RECEIVED))[0] == "CA"
    assert msa(answer(CODED, Outcome("AA"), RECEIVED))[0] == "AA"


@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(1, 30))
def test_frames_come_out_whole_however_they_are_cut(bodies: list[bytes], size: int) -> None:
    clean = [each.replace(VT, b"").replace(FS, b"") for each in bodies]
    stream = b"".join(map(framed, clean))
    frames, found = Unframer(), []
    for at in range(0, len(stream), size):
        found += list(frames.feed(stream[at : at + size]))
    assert found == [Frame(each) for each in clean]
    assert list(frames.end()) == []


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_make_it_hold_more_than_its_cap(chunks: list[bytes]) -> None:
    frames = Unframer(most=50)
    for chunk in chunks:
        for frame in frames.feed(chunk):
            assert frame.fault or len(frame.native) <= 50
    assert all(each.fault for each in frames.end())
