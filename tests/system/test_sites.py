"""
A site as it runs: feeds over MLLP, Kafka and an SFTP drop, and what organisations are told put
where their own systems look for it. Real processes, real Kafka, real PostgreSQL.
"""

import asyncio
import json
import socket
import ssl
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiokafka import AIOKafkaProducer

from adapters.contract import Disclosed
from adapters.formats import ADAPTERS
from adapters.mllp import deliver
from adapters.sites import read_profile, site
from broker.domain.words import Agency
from broker.errors import TryAgain
from broker.kafka import make_topics
from deploy.local.parts import RunningKafka
from tests.adapters.childrens_services.records import ENQUIRY, child, episode
from tests.adapters.health.hl7 import message
from tests.adapters.held import RECEIVED
from tests.adapters.loopback_tls import certificate
from tests.adapters.police.test_pole import incident, person
from tests.adapters.schools.test_ctf import HEADER
from tests.system.running import Broker, broker

WORDS = "Two marks on the arm | finger width. “He holds on too hard.” ^ ~ &"
PHYSICAL = "T74.1^Physical abuse^I10"
MARA = (
    "PID|1||9990020019^^^NHS^NH||FENNICK-OYELOWO^MARA^^^^^L||20170309|2"
    "|||14 Tannery Row^^Wexcombe^^ZZ99 3VZ^GBR^H"
)
IDRIS = {
    "givenName": ["Idris"],
    "surname": "Vantongeren",
    "dateOfBirth": "2012-08-14",
    "nominal": "88210417",
    "childPresent": True,
}
PUPIL = (
    "<Pupil><UPN>X999200224003</UPN><Surname>Vantongeren</Surname><Forename>Idris</Forename>"
    "<DOB>2012-08-14</DOB><Sex>M</Sex></Pupil>"
)
TRANSFER = (
    "<CTfile>"
    + HEADER.format(lea="999", estab="9001").replace(
        "<Estab>9001</Estab><URN>999001", "<Estab>9002</Estab><URN>999002"
    )
    + f"<CTFpupilData>{PUPIL}</CTFpupilData></CTfile>"
).encode()
THEIRS = "theirs.police"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def aside(work: Callable[[], Any]) -> Any:
    """Runs something asynchronous beside whatever loop a test has."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(work())).result()


class Site:
    """The site's file, and how its systems speak to it."""

    def __init__(self, under: Broker, folder: Path) -> None:
        self.under, self.folder = under, folder
        self.port, self.tls_port = free_port(), free_port()
        self.certificate, self.key = certificate(folder)
        transfers = yaml.safe_load(
            (Path(__file__).parents[2] / "adapters/schools/profiles/school-ctf.yaml").read_text()
        )
        transfers |= {"publisher": "org:school:999002", "source": "/schools/school/999002/ctf-xml"}
        transfers["schools"] = {"9999001": "org:school:999001"}
        (folder / "transfers.yaml").write_text(yaml.safe_dump(transfers))
        self.file = folder / "site.yaml"
        self.file.write_text(yaml.safe_dump(self.written()))

    def written(self) -> dict[str, Any]:
        feeds = [
            {"name": "hl7", "agency": "health", "format": "hl7v2", "mllp": {"port": self.port}},
            {
                "name": "hl7-tls",
                "agency": "health",
                "format": "hl7v2",
                "mllp": {"port": self.tls_port, "tls": self.tls()},
            },
            {
                "name": "pole",
                "agency": "police",
                "format": "police-json",
                "kafka": {"topic": THEIRS},
            },
            {
                "name": "transfers",
                "agency": "schools",
                "format": "ctf-xml",
                "profile": str(self.folder / "transfers.yaml"),
                "folder": {"path": str(self.folder / "drop"), "begins": "ready"},
            },
            {
                "name": "council",
                "agency": "childrens_services",
                "format": "csc-json",
                "folder": {"path": str(self.folder / "export"), "still_seconds": 0.2},
            },
        ]
        told = (
            ("org:local:marlhaven-social-work", "childrens_services", "csc-json", "council"),
            ("org:school:999001", "schools", "csv-profile", "primary"),
            ("org:school:999002", "schools", "csv-profile", "academy"),
            ("org:force:99", "police", "police-json", "police"),
            ("org:ods:RYY", "health", "hl7v2", "community"),
            ("org:ods:Y99999", "health", "fhir-r4", "practice"),
        )
        receives = [
            {
                "organisation": organisation,
                "agency": agency,
                "format": form,
                "folder": str(self.folder / name),
                "evidence": str(self.folder / f"{name}-evidence"),
            }
            for organisation, agency, form, name in told
        ]
        return {"feeds": feeds, "receives": receives}

    def tls(self) -> dict[str, str]:
        certificate, key = str(self.certificate), str(self.key)
        return {"certificate": certificate, "key": key, "clients": certificate}

    def files(self, name: str) -> list[Path]:
        folder = self.folder / name
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def told(self, name: str, agency: Agency, form: str) -> list[Disclosed]:
        read = ADAPTERS[agency][form].told
        assert read is not None
        return [read(each.read_bytes()) for each in self.files(name)]

    def mllp(self, native: bytes) -> str:
        return str(aside(lambda: deliver(native, "127.0.0.1", self.port)))

    def kafka(self, native: bytes) -> None:
        async def send() -> None:
            producer = AIOKafkaProducer(bootstrap_servers=self.under.told["BROKER_KAFKA"])
            await producer.start()
            await producer.send_and_wait(THEIRS, native)
            await producer.stop()

        aside(send)

    def drop(self, name: str, native: bytes) -> None:
        (self.folder / "drop" / name).write_bytes(native)
        (self.folder / "drop" / f"{name}.ready").touch()


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, kafka_here: RunningKafka, module_database: str
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with broker(folder, kafka_here.bootstrap, module_database) as under:
        aside(lambda: make_topics(kafka_here.bootstrap, [THEIRS], count=1))
        here = Site(under, folder)
        for lane in ("routine", "emergency"):
            under.start(f"carry-{lane}", "carry", "--lane", lane)
        under.start("deliver", "deliver")
        under.start("adapt", "adapt", str(here.file), "--spool", str(folder / "spool"))
        under.until(lambda: listens(here.port) and listens(here.tls_port), "the listeners")
        for name in ("drop", "export"):
            under.until((folder / name).is_dir, name)
        yield here


def listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def words_in(each: Disclosed) -> Any:
    return each.claims.get("narrative.full", {}).get("words")


def test_a_hospitals_message_is_answered_and_told_to_each_agency_in_its_own_format(
    running: Site,
) -> None:
    escaped = WORDS.replace("\\", "\\E\\").replace("|", "\\F\\").replace("^", "\\S\\")
    escaped = escaped.replace("&", "\\T\\").replace("~", "\\R\\")
    native = message(
        "ORU^R01",
        "OBR|1||777|SAFE",
        f"OBX|1|CWE|{PHYSICAL}||Y||||||F",
        f"OBX|2|TX|NOTE^Note^L||{escaped}||||||F",
        pid=MARA,
    )
    assert running.mllp(native) == "AA"
    assert running.mllp(native) == "AA"  # sent again: the same effects, once
    running.under.until(lambda: bool(running.files("council")), "the council's file")
    (told,) = running.told("council", Agency.CHILDRENS_SERVICES, "csc-json")
    assert words_in(told) == WORDS
    written = json.loads(running.files("council")[0].read_bytes())["Children"][0]
    assert written["child_details"]["surname"] == "FENNICK-OYELOWO"
    assert written["contact"]["words_by_category"] == {"narrative": WORDS}
    running.under.until(lambda: bool(running.files("police")), "the police's file")
    (told,) = running.told("police", Agency.POLICE, "police-json")
    assert told.plain["iss"] == "org:ods:RZZ"
    assert len(running.files("council")) == 1


def test_a_listener_with_tls_takes_only_those_it_knows(running: Site) -> None:
    known = ssl.create_default_context(cafile=running.certificate)
    stranger = ssl.create_default_context(cafile=running.certificate)
    known.load_cert_chain(running.certificate, running.key)
    native = message("ADT^A08", "PV1|1|I", pid=MARA)

    def sent(context: ssl.SSLContext) -> Any:
        return aside(lambda: deliver(native, "127.0.0.1", running.tls_port, context))

    assert sent(known) == "AA"
    with pytest.raises(TryAgain):
        sent(stranger)


def test_an_enquiry_of_the_council_is_told_to_school_practice_and_ward_in_theirs(
    running: Site,
) -> None:
    enquiry = child(episode(section_47_assessments=[ENQUIRY]), la_child_id="C-30211")
    enquiry["child_details"] = {
        "first_name": "Mara",
        "surname": "Fennick-Oyelowo",
        "date_of_birth": "2017-03-09",
        "sex": "F",
    }
    native = json.dumps({"la_code": 999, "Children": [enquiry]}).encode()
    (running.folder / "export" / "children.json").write_bytes(native)
    for name, agency, form in (
        ("practice", Agency.HEALTH, "fhir-r4"),
        ("community", Agency.HEALTH, "hl7v2"),
        ("primary", Agency.SCHOOLS, "csv-profile"),
    ):
        running.under.until(lambda name=name: bool(running.files(name)), name)  # type: ignore[misc]
        (each,) = running.told(name, agency, form)
        assert each.plain["iss"] == "org:la:999"
        assert each.plain["level"] == "significant_harm"
        assert each.cover["extents"] == told_extents(running, each)


def told_extents(running: Site, each: Disclosed) -> Any:
    """The extents of the signed cover that lies beside as evidence."""
    for evidence in running.folder.glob(f"*-evidence/{each.disclosure}.json"):
        cover = json.loads(evidence.read_text())["cover"].split(".")[1]
        return json.loads(decoded(cover))["extents"]
    return None


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_receipt_is_given_when_their_system_has_it(running: Site) -> None:
    received = "SELECT count(*) FROM receipt WHERE kind = 'received'"
    sent = "SELECT count(*) FROM outbox WHERE kind = 'disclosure' AND state <> 'refused' "
    sent += "AND organisation IN "
    sent += (
        "('org:local:marlhaven-social-work', 'org:school:999001', 'org:ods:RYY', 'org:ods:Y99999')"
    )
    running.under.until(lambda: running.under.one(received) >= running.under.one(sent), "receipts")


def test_encompass_reaches_the_school_that_the_child_is_on_the_roll_of(running: Site) -> None:
    def notice(number: int) -> bytes:
        native = incident(
            person("p1", **IDRIS), roles={"victim": ["p1"]}, incidentType="domestic-abuse"
        )
        return native.replace(b"000000000001", b"%012d" % number)

    running.kafka(notice(1))
    running.under.until(lambda: bool(running.files("academy")), "the academy's sheet")
    (told,) = running.told("academy", Agency.SCHOOLS, "csv-profile")
    assert told.claims["police_incident.summary"]["kind"] == "domestic_abuse"
    assert set(told.claims) == {"identity.summary", "police_incident.summary"}
    before = len(running.files("primary"))
    running.drop("transfer.xml", TRANSFER)
    ended = "SELECT count(*) FROM relationship WHERE organisation = 'org:school:999002' "
    ended += "AND until IS NOT NULL"
    running.under.until(lambda: running.under.one(ended) == 1, "the roll")
    running.kafka(notice(2))
    running.under.until(lambda: len(running.files("primary")) > before, "the new school's sheet")
    assert len(running.files("academy")) == 1


def test_what_a_school_imported_and_exports_again_is_an_echo(running: Site) -> None:
    reads = ADAPTERS[Agency.SCHOOLS]["csv-profile"]
    where = site(Agency.SCHOOLS, read_profile(Agency.SCHOOLS, reads.profile), RECEIVED)
    for each in running.files("academy"):
        items = reads.read(each.read_bytes(), where)
        assert {getattr(item, "reason", "") for item in items} == {"echo"}


def test_logs_hold_no_content(running: Site) -> None:
    text = running.under.logs()
    for canary in ("FENNICK", "Mara", "Tannery", "Vantongeren", "finger", "9990020019", "88210417"):
        assert canary not in text
