"""Pointers wait in the spool until what they lead to has been read; one service alone is asked."""

import asyncio
import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.edge import Edge, SiteKeys
from adapters.fetching import Fetching, Service
from adapters.formats import ADAPTERS
from adapters.health import mns
from adapters.sites import read_profile, site
from adapters.spool import Spool
from broker.domain.words import Agency
from broker.errors import TryAgain
from tests.adapters.held import RECEIVED
from tests.adapters.loopback_tls import certificate
from tests.adapters.test_edge import Topics
from tests.world import BROKER_PUBLIC, SCHOOL, kid_of, numbered, secret, signing_secret

URL = "https://records.example/FHIR/R4/Patient/9990000034"
EVENT = json.dumps(
    {
        "specversion": "1.0",
        "id": "e-1",
        "source": "https://mns.example",
        "type": "nhs-number-change-2",
        "time": "2026-11-20T10:00:00Z",
        "subject": "9990000034",
        "dataref": URL,
    }
).encode()
FLAG = EVENT.replace(b"nhs-number-change-2", b"patientflags-change-1")
CHANGED = json.dumps(
    {
        "resourceType": "Patient",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000050"}],
        "birthDate": "2016-01-01",
    }
).encode()


class Records:
    """The service's twin: silent at first, then it answers."""

    def __init__(self, native: bytes) -> None:
        self.native, self.silent, self.asked = native, True, list[str]()

    async def get(self, url: str) -> bytes:
        self.asked.append(url)
        if self.silent:
            raise TryAgain("not_fetched", "test")
        return self.native


@contextmanager
def feed(folder: Path, topics: Topics) -> Iterator[Edge]:
    form = ADAPTERS[Agency.HEALTH]["mns"]
    spool = Spool(folder / "spool.sqlite")
    yield Edge(
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
        pointers=form.pointers,
    )
    spool.close()


async def test_a_pointer_waits_until_it_is_fetched_and_is_read_once(tmp_path: Path) -> None:
    topics, records, now = Topics(), Records(CHANGED), [RECEIVED]
    with feed(tmp_path, topics) as edge:
        fetching = Fetching(edge=edge, fetched=mns.fetched, get=records.get, now=lambda: now[0])
        for _ in range(2):
            (answer,) = await edge.take(EVENT, RECEIVED)
            assert (answer.outcome, answer.reason) == ("waiting", "not_fetched")
        assert topics.sent == []
        assert await fetching.round() == 0  # silent: it is tried again later, not at once
        assert await fetching.round() == 0
        assert records.asked == [URL]
        records.silent, now[0] = False, RECEIVED + timedelta(minutes=1)
        assert await fetching.round() == 1
        assert [each.headers["ce_type"] for each in topics.sent] == ["identity.changed"]
        now[0] = RECEIVED + timedelta(days=1)
        assert await fetching.round() == 0


async def test_a_pointer_waits_while_kafka_is_silent(tmp_path: Path) -> None:
    topics, records, now = Topics(), Records(CHANGED), [RECEIVED]
    with feed(tmp_path, topics) as edge:
        fetching = Fetching(edge=edge, fetched=mns.fetched, get=records.get, now=lambda: now[0])
        await edge.take(EVENT, RECEIVED)
        records.silent, topics.silent = False, True
        assert await fetching.round() == 0
        topics.silent, now[0] = False, RECEIVED + timedelta(minutes=1)
        assert await fetching.round() == 1


async def test_without_anybody_who_fetches_a_pointer_goes_to_a_person(tmp_path: Path) -> None:
    topics = Topics()
    with feed(tmp_path, topics) as edge:
        alone = Edge(
            site=edge.site, reads=edge.reads, keys=edge.keys, spool=edge.spool, sender=topics
        )
        (answer,) = await alone.take(FLAG, RECEIVED)
        assert (answer.outcome, answer.reason) == ("quarantine", "not_fetched")


async def test_an_address_of_another_service_is_never_asked() -> None:
    service = Service(base="https://records.example/FHIR/")
    with pytest.raises(TryAgain, match="another service"):
        await service.get("https://elsewhere.example/FHIR/Patient/1")


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", "/FHIR/Patient/1")
            self.end_headers()
            return
        found = self.headers.get("Authorization") == "Bearer t0ken"
        self.send_response(200 if found else 401)
        self.end_headers()
        self.wfile.write(CHANGED if found else b"{}")

    def log_message(self, *_: object) -> None:
        """Nothing."""


async def test_the_service_is_asked_over_tls_with_the_sites_token(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    (tmp_path / "token").write_text("t0ken\n")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    base = f"https://127.0.0.1:{server.server_port}/"
    known = Service(base=base, token=tmp_path / "token", authority=cert)
    try:
        assert await known.get(f"{base}FHIR/Patient/1") == CHANGED
        for asked, service in (
            (f"{base}moved", known),
            (f"{base}FHIR/Patient/1", Service(base=base, authority=cert)),
            (f"{base}FHIR/Patient/1", Service(base=base, token=tmp_path / "token")),
        ):
            with pytest.raises(TryAgain):
                await service.get(asked)
    finally:
        await asyncio.to_thread(server.shutdown)
        serving.join()
        server.server_close()
