"""Folders, Kafka, a site's file, and what goes out to an agency's own systems."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.contract import Disclosed
from adapters.edge import Edge
from adapters.folder import MOST_BYTES, Folder
from adapters.formats import ADAPTERS
from adapters.outlet import Outlet
from adapters.site_file import read_site_file
from adapters.sites import read_profile, site
from adapters.stream import follow
from broker.domain.batch import Received
from broker.domain.words import Agency
from broker.errors import Misconfigured
from deploy.local.parts import wait_until
from tests.adapters.disclosures import COVER, IDENTITY, PLAIN
from tests.adapters.held import RECEIVED
from tests.adapters.test_edge import SAMPLE, Topics, edge, topics
from tests.adapters.test_mllp import listening

__all__ = ["edge", "topics"]

DISCLOSED = Disclosed(
    disclosure=COVER["disclosure"],
    cover=COVER,
    plain=PLAIN,
    claims={**IDENTITY, "narrative.full": {"words": "Seen | with ~ bruises.\r\nTwice."}},
)


async def watched(folder: Folder, until: Path) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as running:
        running.create_task(folder.run(stop))
        assert await asyncio.to_thread(wait_until, until.exists, 30)
        stop.set()


async def test_half_a_file_is_left_alone_and_a_ready_mark_begins_it(
    edge: Edge, tmp_path: Path
) -> None:
    inbox = tmp_path / "in"
    inbox.mkdir()
    for name in ("half.csv.filepart", "half.csv.part", ".hidden.csv", "not-ready.csv"):
        (inbox / name).write_bytes(SAMPLE)
    (inbox / "elsewhere.csv").symlink_to(tmp_path / "secret.csv")
    (tmp_path / "secret.csv").write_bytes(SAMPLE)
    (inbox / "export.csv").write_bytes(SAMPLE)
    (inbox / "export.csv.ready").touch()
    folder = Folder(path=inbox, edge=edge, still=0, now=lambda: RECEIVED, ready_only=True)
    await watched(folder, inbox / "done" / "export.csv")
    assert {each.name for each in inbox.iterdir()} == {
        "half.csv.filepart",
        "half.csv.part",
        ".hidden.csv",
        "not-ready.csv",
        "elsewhere.csv",
        "done",
    }


async def test_a_file_of_the_same_name_does_not_take_the_place_of_the_first(
    edge: Edge, tmp_path: Path
) -> None:
    inbox = tmp_path / "in"
    for number in (1, 2):
        inbox.mkdir(exist_ok=True)
        (inbox / "export.csv").write_bytes(SAMPLE + b"\r\n" * number)
        done = inbox / "done" / ("export.csv" if number == 1 else "export.2.csv")
        await watched(Folder(path=inbox, edge=edge, still=0, now=lambda: RECEIVED), done)
        assert done.read_bytes() == SAMPLE + b"\r\n" * number


async def test_a_file_beyond_any_cap_goes_to_a_person_unread(
    edge: Edge, topics: Topics, tmp_path: Path
) -> None:
    inbox = tmp_path / "in"
    inbox.mkdir()
    with (inbox / "huge.csv").open("wb") as huge:
        huge.truncate(MOST_BYTES + 1)
    folder = Folder(path=inbox, edge=edge, still=0, now=lambda: RECEIVED)
    await watched(folder, inbox / "done" / "huge.csv")
    assert [each.headers["reason"] for each in topics.sent] == ["too_large"]
    assert "too_large" in (inbox / "done" / "huge.csv.result.csv").read_text()


class Records:
    """A topic's twin: two fetches, and how often they were committed."""

    def __init__(self, *natives: bytes) -> None:
        self.natives, self.commits = natives, 0

    async def records(self) -> AsyncIterator[list[tuple[str, Received]]]:
        for offset, native in enumerate(self.natives):
            yield [("theirs", Received(offset=offset, headers={}, value=native))]

    async def commit(self) -> None:
        self.commits += 1


async def test_a_record_is_committed_once_kafka_has_what_it_became(
    edge: Edge, topics: Topics
) -> None:
    tail, topics.silent = Records(SAMPLE, b"nothing of ours"), True
    async with asyncio.TaskGroup() as running:
        followed = running.create_task(follow(tail, edge, lambda: RECEIVED, pause=0.01))
        await topics.refused.wait()
        assert tail.commits == 0
        topics.silent = False
        await followed
    assert tail.commits == 2
    assert {each.headers.get("reason") for each in topics.sent} > {"missing_column"}


async def test_a_disclosure_lies_in_their_folder_whole(tmp_path: Path) -> None:
    form = ADAPTERS[Agency.HEALTH]["hl7v2"]
    assert form.write is not None
    assert form.told is not None
    where = site(Agency.HEALTH, read_profile(Agency.HEALTH, form.profile), RECEIVED)
    outlet = Outlet(
        write=form.write,
        suffix=form.suffix,
        site=where,
        now=lambda: RECEIVED,
        folder=tmp_path / "in",
    )
    await outlet.hand_over(DISCLOSED)
    (file,) = (tmp_path / "in").iterdir()
    assert form.told(file.read_bytes()) == DISCLOSED


async def test_a_disclosure_is_handed_over_by_mllp(tmp_path: Path) -> None:
    form = ADAPTERS[Agency.HEALTH]["hl7v2"]
    assert form.write is not None
    where = site(Agency.HEALTH, read_profile(Agency.HEALTH, form.profile), RECEIVED)
    async with listening(tmp_path, Topics()) as port:
        outlet = Outlet(
            write=form.write,
            suffix=form.suffix,
            site=where,
            now=lambda: RECEIVED,
            mllp=("127.0.0.1", port),
        )
        await outlet.hand_over(DISCLOSED)


async def test_a_disclosure_that_is_not_taken_is_handed_over_again(tmp_path: Path) -> None:
    """A listener that says AE twice, then AA."""
    said = [b"AE", b"AE", b"AA"]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\x1c")
        writer.write(b"\x0bMSH|^~\\&|\rMSA|" + said.pop(0) + b"|1\r\x1c\r")
        await writer.drain()
        writer.close()

    form = ADAPTERS[Agency.HEALTH]["hl7v2"]
    assert form.write is not None
    where = site(Agency.HEALTH, read_profile(Agency.HEALTH, form.profile), RECEIVED)
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        outlet = Outlet(
            write=form.write,
            suffix=form.suffix,
            site=where,
            now=lambda: RECEIVED,
            mllp=("127.0.0.1", port),
            pauses=(0.01,),
        )
        await outlet.hand_over(DISCLOSED)
    assert said == []


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("feeds: [{name: A b, agency: health, format: hl7v2}]", "feeds.0.name"),
        ("feeds: [{name: a, agency: hospital, format: hl7v2}]", "feeds.0.agency"),
        ("feeds: [{name: a, agency: health, format: hl7v2, prot: 1}]", "feeds.0.prot"),
        (
            "feeds: [{name: a, agency: health, format: x}, {name: a, agency: police, format: x}]",
            "a",
        ),
        ("receives: [{organisation: o, agency: health, format: hl7v2}]", "folder or mllp"),
        ("feeds: [", "expected"),
    ],
)
def test_a_mistake_in_a_sites_file_is_told_with_its_place(
    written: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / "site.yaml").write_text(written)
    with pytest.raises(Misconfigured, match=told):
        read_site_file(tmp_path / "site.yaml")


def test_the_site_of_the_local_run_is_read() -> None:
    made = read_site_file(Path("deploy/local/site.yaml"))
    assert {each.agency for each in made.feeds} == set(Agency)
