"""
`make bench`, second part: what each adapter reads in a second on one core, up to signing and with
spool and signature, beside a named peer in the same run; and how soon an MLLP sender is answered by
a real listener with real Kafka behind it. Writes var/bench/adapters.json.

Nothing here is asserted: a figure belongs to a machine and a day.
"""

import asyncio
import csv
import io
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from statistics import quantiles
from typing import Any

import hl7
from lxml import etree

from adapters.contract import Event
from adapters.edge import Edge, SiteKeys
from adapters.events import cloud_event
from adapters.formats import ADAPTERS
from adapters.mllp import FS, VT, Listener, framed
from adapters.sites import read_profile, site
from adapters.spool import Spool
from broker.domain.outgoing import Outgoing
from broker.domain.topics import concerns_topic, quarantine_topic
from broker.domain.words import Agency, Lane
from broker.kafka import make_topics, sender
from tests.adapters.health.hl7 import CONCERN, message
from tests.environment import running_kafka
from tests.world import BROKER_PUBLIC, SCHOOL, kid_of, numbered, secret, signing_secret

SECONDS = 3.0
MLLP_PER_SECOND, MLLP_SECONDS = 100, 10
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One format: its documents, how many records each holds, the peer beside it."""

    agency: Agency
    form: str
    made: Callable[[int], bytes]
    records: int = 1
    peer: str
    theirs: Callable[[bytes], object]


def sample(agency: str, *names: str) -> bytes:
    return files(f"adapters.{agency}").joinpath("samples", *names).read_bytes()


def rows_of(name: str, count: int) -> bytes:
    """A sheet of `count` rows that all raise, each another pupil or child."""
    agency, file, first, number = {
        "schools": ("schools", "safeguarding.csv", b"INC-20418", b"4471"),
        "police": ("police", "ppn.csv", b"PPN/26/0093317", b"88210417"),
    }[name]
    header, row = next(_records(sample(agency, file)))
    made = [
        row.replace(first, b"R%d" % n).replace(number, b"%d" % (10**6 + n)) for n in range(count)
    ]
    return header + b"".join(made)


def _records(sheet: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(header, first row) as bytes; a cell may hold line ends."""
    text = sheet.decode("utf-8-sig") if sheet.startswith(b"\xef") else sheet.decode("cp1252")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    for row in rows[1:]:
        written = []
        for each in (rows[0], row):
            out = io.StringIO()
            csv.writer(out).writerow(each)
            written.append(out.getvalue().encode())
        yield written[0], written[1]


def pupils(count: int) -> bytes:
    header, _, rest = sample("schools", "9999001_CTF_9999002_001.xml").partition(b"<Pupil>")
    pupil = b"<Pupil>" + rest.partition(b"</Pupil>")[0] + b"</Pupil>"
    many = b"".join(pupil.replace(b"K999200124001", b"K%012d" % n) for n in range(count))
    return header + many + b"</CTFpupilData></CTfile>"


def children(count: int) -> bytes:
    text = sample("childrens_services", "cin-xml", "cin-plan-and-enquiry.xml")
    before, _, rest = text.partition(b"<Child>")
    child = b"<Child>" + rest.partition(b"</Child>")[0] + b"</Child>"
    many = b"".join(child.replace(b"C-21", b"C-%d" % n) for n in range(count))
    return before + many + b"</Children></Message>"


def numbered_by(native: bytes, was: bytes, now: bytes) -> Callable[[int], bytes]:
    """The same document under another number each time, so that nothing is remembered of it."""
    return lambda n: native.replace(was, now % n)


def courses() -> list[Course]:
    hl7v2 = sample("health", "hl7v2", "adt-a04-coded.hl7")
    fhir = sample("health", "fhir-r4", "fhir-condition-raise.json")
    niem = sample("police", "niem2-incident.xml")
    pole = sample("police", "pole-incident.json")
    csc = sample("childrens_services", "csc-json", "csc-child.json")
    xml, loads = etree.fromstring, json.loads
    schools, police = rows_of("schools", 1000), rows_of("police", 1000)
    many_pupils, many_children = pupils(500), children(332)
    known = Course
    return [
        known(agency=Agency.HEALTH, form="hl7v2", made=numbered_by(hl7v2, b"700416", b"%06d"),
              peer="hl7.parse (python-hl7)", theirs=lambda native: hl7.parse(native.decode())),
        known(agency=Agency.HEALTH, form="fhir-r4", made=numbered_by(fhir, b"C-9001", b"C-%d"),
              peer="json.loads", theirs=loads),
        known(agency=Agency.POLICE, form="niem-xml", made=numbered_by(niem, b"I-0001", b"I-%d"),
              peer="lxml parse", theirs=xml),
        known(agency=Agency.POLICE, form="police-json", made=numbered_by(pole, b"Mae", b"M%d"),
              peer="json.loads", theirs=loads),
        known(agency=Agency.POLICE, form="csv-profile", made=lambda n: police + b"\r\n" * (n % 7),
              records=1000, peer="csv.DictReader", theirs=sheet),
        known(agency=Agency.SCHOOLS, form="csv-profile", made=lambda n: schools + b"\r\n" * (n % 7),
              records=1000, peer="csv.DictReader", theirs=sheet),
        known(agency=Agency.SCHOOLS, form="ctf-xml", made=lambda n: many_pupils + b"\n" * (n % 7),
              records=500, peer="lxml parse", theirs=xml),
        known(agency=Agency.CHILDRENS_SERVICES, form="csc-json",
              made=numbered_by(csc, b"999-00021", b"999-%05d"), peer="json.loads", theirs=loads),
        known(agency=Agency.CHILDRENS_SERVICES, form="cin-xml",
              made=lambda n: many_children + b"\n" * (n % 7), records=332, peer="lxml parse",
              theirs=xml),
    ]  # fmt: skip


def sheet(native: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(native.decode("utf-8-sig"))))


def a_second(of: Callable[[int], object]) -> float:
    """How often a second, over SECONDS."""
    count, began = 0, time.perf_counter()
    while (now := time.perf_counter()) - began < SECONDS:
        of(count)
        count += 1
    return count / (now - began)


class Nowhere:
    """Takes what is published: Kafka is measured elsewhere."""

    async def send(self, outgoing: Sequence[Outgoing]) -> list[tuple[str, int]]:
        return [(f"{each.topic}-0", n) for n, each in enumerate(outgoing)]


def keys() -> SiteKeys:
    return SiteKeys(
        kid=kid_of(SCHOOL),
        sign=signing_secret(SCHOOL).sign,
        event_key=secret("event"),
        broker=BROKER_PUBLIC,
        random=numbered(),
    )


def measured(course: Course, folder: Path) -> dict[str, Any]:
    form = ADAPTERS[course.agency][course.form]
    where = site(course.agency, read_profile(course.agency, form.profile), NOW)

    def read(n: int) -> None:
        for item in form.read(course.made(n), where):
            if isinstance(item, Event):
                cloud_event(item, where, event_key=bytes(32))

    spool = Spool(folder / f"{course.agency.value}-{course.form}.sqlite")
    edge = Edge(site=where, reads=form.read, keys=keys(), spool=spool, sender=Nowhere())
    loop = asyncio.new_event_loop()
    read(0)
    figures = {
        "up_to_signing": a_second(read) * course.records,
        "spooled_and_signed": a_second(
            lambda n: loop.run_until_complete(edge.take(course.made(n), NOW))
        )
        * course.records,
        "peer": a_second(lambda n: course.theirs(course.made(n))) * course.records,
    }
    loop.close()
    spool.close()
    made = {name: round(value) for name, value in figures.items()}
    ratio = round(figures["up_to_signing"] / figures["peer"], 2)
    return {"agency": course.agency.value, "format": course.form, **made,
            "peer_is": course.peer, "ratio_to_peer": ratio}  # fmt: skip


async def mllp(folder: Path) -> dict[str, Any]:
    """Answers of a real listener at a steady rate; then a long frame, and one that is too long."""
    said: list[str] = []
    form = ADAPTERS[Agency.HEALTH]["hl7v2"]
    where = site(Agency.HEALTH, read_profile(Agency.HEALTH, form.profile), NOW)
    with running_kafka(folder, said) as kafka:
        names = [concerns_topic(where.organisation, lane) for lane in Lane]
        await make_topics(kafka.bootstrap, [*names, quarantine_topic(where.organisation)], count=1)
        spool = Spool(folder / "mllp.sqlite")
        async with sender(kafka.bootstrap) as sends:
            edge = Edge(site=where, reads=form.read, keys=keys(), spool=spool, sender=sends)
            listener = Listener(edge=edge, now=lambda: datetime.now(UTC))  # noqa: TID251
            async with listener.listening("127.0.0.1", 0) as port:
                took = await paced(port)
                large = await large_frames(port)
        spool.close()
        percentiles = quantiles(took, n=100)
        return {
            "per_second": MLLP_PER_SECOND,
            "answers": len(took),
            "p50_ms": round(percentiles[49], 1),
            "p99_ms": round(percentiles[98], 1),
            **large,
            "kafka": kafka.note,
        }


def coded(n: int) -> bytes:
    return message("ORU^R01", f"OBR|1||{n}|SAFE", f"OBX|1|CWE|{CONCERN}||Y||||||F")


async def paced(port: int) -> list[float]:
    """Milliseconds from the last byte sent to the answer, at a steady rate over ten connections."""
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10)]
    took: list[float] = []

    async def one(number: int, count: int) -> None:
        reader, writer = lines[number]
        began = time.monotonic()
        for n in range(count):
            due = began + n * len(lines) / MLLP_PER_SECOND
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            sent = time.perf_counter()
            writer.write(framed(coded(number * 100_000 + n)))
            await reader.readuntil(FS + b"\r")
            took.append((time.perf_counter() - sent) * 1000)

    each = MLLP_PER_SECOND * MLLP_SECONDS // len(lines)
    async with asyncio.TaskGroup() as running:
        for number in range(len(lines)):
            running.create_task(one(number, each))
    for _, writer in lines:
        writer.close()
    return took


async def large_frames(port: int) -> dict[str, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    told = {}
    for name, size in (("16_mib", 16 * _MIB - 2000), ("17_mib", 17 * _MIB), ("after", 0)):
        padded = coded(size) + b"ZZZ|" + b"x" * size + b"\r"
        writer.write(VT + padded + FS + b"\r")
        await writer.drain()
        reply = await reader.readuntil(FS + b"\r")
        told[name] = reply.partition(b"MSA|")[2][:2].decode()
    writer.close()
    return told


def main() -> None:
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        table = [measured(course, folder) for course in courses()]
        line = (
            "{agency:<20}{format:<13}{up_to_signing:>15}{spooled_and_signed:>20}{peer:>10}"
            "{ratio_to_peer:>8}  {peer_is}\n"
        )
        heads = {"agency": "agency", "format": "format", "up_to_signing": "up to signing",
                 "spooled_and_signed": "spooled, signed", "peer": "peer", "ratio_to_peer": "ratio",
                 "peer_is": "peer is"}  # fmt: skip
        for each in [heads, *table]:
            sys.stdout.write(line.format(**each))
        figures = {"records_per_second_on_one_core": table, "mllp": asyncio.run(mllp(folder))}
        sys.stdout.write(json.dumps(figures["mllp"], indent=1) + "\n")
    written = Path("var/bench/adapters.json")
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
