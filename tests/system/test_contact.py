"""
The policies cannot be evaluated when an emergency comes (DOMAIN.md 4.7, acceptance case 10), on
real Kafka and PostgreSQL: contact survives, content waits, and afterwards all is told once.
"""

import json
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

from broker.domain.words import Agency
from deploy.local.parts import RunningKafka
from tests.system.running import MESSAGES, Broker, broker, publish

HUB, POLICE, WORK = "org:la:999", "org:force:99", "org:local:marlhaven-social-work"
CANARIES = ("Mara", "Fennick", "jumper", "Craig", "4471", "K999200124001", "Wexcombe Primary")
_UNDECIDED = "SELECT count(*) FROM undecided WHERE settled IS NULL"
_WAITING = "SELECT count(*) FROM outbox WHERE state = 'waiting'"


def test_contact_survives_and_what_was_undecided_is_told_once_afterwards(
    tmp_path: Path, kafka_here: RunningKafka, database: str
) -> None:
    policies = tmp_path / "policies"
    shutil.copytree(Path(str(files("policies"))), policies)
    mistaken = policies / "restrictions" / "sealed.cedar"
    whole = mistaken.read_text()
    mistaken.write_text(whole.replace("context.sealed", "context.seeled"))
    with broker(tmp_path, kafka_here.bootstrap, database) as under:
        under.told = {**under.told, "BROKER_POLICIES": str(policies)}
        for name, command in _PARTS.items():
            under.start(name, *command)
        assert _published(under) == {"notification"}
        under.until(lambda: under.one(_UNDECIDED) == 1, "taken in")
        under.until(lambda: under.one(_WAITING) == 0, "pointers and receipt")
        _contact_only(under, tmp_path)
        under.kill("emergency")  # nothing of it is in the process alone
        under.start("emergency", *_PARTS["emergency"])
        mistaken.write_text(whole)
        under.until(lambda: under.one(_UNDECIDED) == 0, "decided")
        under.kill("emergency")
        under.start("emergency", *_PARTS["emergency"])
        under.until(lambda: under.one(_WAITING) == 0, "disclosures")
        _told_once(under, tmp_path)
        assert not [each for each in CANARIES if each in under.logs()]


_PARTS = {
    "emergency": ("carry", "--lane", "emergency"),
    "deliver": ("deliver",),
    "ledger": ("ledger",),
}


def _published(under: Broker) -> set[str]:
    """An emergency about a child whom the broker knows, from her school."""
    header, row = (MESSAGES / "wexcombe-safeguarding.csv").read_bytes().split(b"\r\n")[:2]
    native = b"\r\n".join([header, row.replace(b"Very worried", b"In danger now"), b""])
    return {each.outcome for each in publish(under, Agency.SCHOOLS, "csv-profile", [native])}


def _contact_only(under: Broker, folder: Path) -> None:
    for organisation in (HUB, POLICE, WORK):
        (pointer,) = under.received(organisation, folder / organisation[4:].replace(":", "-"))
        cover: Any = pointer["cover"]
        assert cover["type"] == "contact.pointer"
        assert "We could not check" in cover["says"]
        assert cover["ring"]["telephone"] == "01632 960114"
        assert set(cover["extents"].values()) == {"nothing"}
        assert (pointer["claims"], pointer["plain"]) == ({}, {})
        del cover["ring"]  # the school may be named: nothing protects where she is
        assert not [each for each in CANARIES if each in json.dumps(pointer)]
    assert under.one("SELECT state FROM outbox WHERE kind = 'accepted'") == "sent"
    assert under.one("SELECT count(*) FROM outbox WHERE kind NOT IN ('accepted', 'pointer')") == 0
    assert under.one("SELECT count(*) FROM decision") == 0
    assert "policies cannot be evaluated: call a person" in under.log("emergency")
    account = under.account()
    assert (account["holds"], account["undecided"]) == (True, 1), account


def _told_once(under: Broker, folder: Path) -> None:
    assert under.one("SELECT string_agg(why, ' ') FROM round") == "policies_returned"
    for organisation in (HUB, POLICE, WORK):
        into = folder / organisation[4:].replace(":", "-")
        (told,) = under.received(organisation, into)
        assert told["cover"]["type"] == "concern.raised"
        assert "jumper" in told["claims"]["narrative.full"]["words"]
    under.until(lambda: under.one("SELECT count(*) FROM leaf_waiting") == 0, "ledger")
    into = folder / HUB[4:].replace(":", "-")
    under.until(lambda: _all_placed(under, into), "proofs")
    for file in into.glob("*.json"):
        assert json.loads(under.once("verify", str(file), "--json").stdout)["verified"]
    account = under.account()
    assert (account["holds"], account["undecided"]) == (True, 0), account


def _all_placed(under: Broker, into: Path) -> bool:
    """A pointer and a disclosure, each with its proof: proofs come on a topic of their own."""
    assert under.received(HUB, into) == []
    held = [json.loads(each.read_text()) for each in into.glob("*.json")]
    return len(held) == 2 and all(each["leaf"] for each in held)
