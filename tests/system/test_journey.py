"""The whole journey on real parts: an agency's message in, the right people's parts out, proven."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from broker.domain.words import Agency
from deploy.local.parts import RunningKafka
from tests.system.running import MESSAGES, Broker, broker, publish, school_rows

SAMPLES = (
    (Agency.HEALTH, "fhir-r4", "hospital-mara.json"),
    (Agency.SCHOOLS, "csv-profile", "wexcombe-safeguarding.csv"),
    (Agency.POLICE, "csv-profile", "police-notice.csv"),
    (Agency.POLICE, "niem-xml", "police-incident.xml"),
    (Agency.CHILDRENS_SERVICES, "csc-json", "council-ruby.json"),
)


@pytest.fixture(scope="module")
def carried(
    tmp_path_factory: pytest.TempPathFactory,
    kafka_here: RunningKafka,
    module_database: str,
) -> Iterator[Broker]:
    """The sample messages of the four agencies, published and carried."""
    folder = tmp_path_factory.mktemp("journey")
    with broker(folder, kafka_here.bootstrap, module_database) as under:
        for agency, form, file in SAMPLES:
            publish(under, agency, form, [(MESSAGES / file).read_bytes()])
        under.start("carry", "carry", "--lane", "routine")
        under.start("emergency", "carry", "--lane", "emergency")
        under.start("deliver", "deliver")
        under.start("ledger", "ledger")
        under.until(lambda: under.one("SELECT count(*) FROM inbox") == 8, "eight notifications")
        under.until(
            lambda: under.one("SELECT count(*) FROM outbox WHERE state = 'waiting'") == 0, "sent"
        )
        under.until(lambda: under.one("SELECT count(*) FROM leaf_waiting") == 0, "ledger")
        yield under


@pytest.fixture(scope="module")
def told(carried: Broker, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What four recipients hold, and where their evidence is."""
    folder = tmp_path_factory.mktemp("evidence")
    names = {
        "worker": "org:local:marlhaven-social-work",
        "hub": "org:la:999",
        "school": "org:school:999001",
        "academy": "org:school:999002",
    }
    found = {
        name: carried.received(organisation, folder / name) for name, organisation in names.items()
    }
    return {**found, "folder": folder}


def _children(disclosures: list[dict[str, Any]]) -> list[str]:
    return [
        each["claims"].get("identity.summary", {}).get("given_name", "?") for each in disclosures
    ]


def test_the_allocated_worker_is_told_what_school_and_hospital_each_held(
    told: dict[str, Any],
) -> None:
    about_mara = [each for each in told["worker"] if "Mara" in _children([each])]
    publishers = {each["plain"]["iss"] for each in about_mara}
    assert publishers == {"org:ods:RZZ", "org:school:999001"}
    words = {each["claims"]["narrative.full"]["words"] for each in about_mara}
    assert any("fell off her bike" in each for each in words)
    assert any("She looked at the door first." in each for each in words)


def test_operation_encompass_tells_each_school_of_its_own_child_and_no_intelligence(
    told: dict[str, Any],
) -> None:
    for name, child in (("school", "Lotte"), ("academy", "Idris")):
        assert child in _children(told[name])
        for each in told[name]:
            assert set(_children([each])) <= {child, "?"}
            assert not any(claim.startswith("police_intelligence") for claim in each["claims"])
            assert "referrer.full" not in each["claims"]


def test_the_school_holds_nothing_of_what_the_hospital_said(told: dict[str, Any]) -> None:
    assert "org:ods:RZZ" not in {each["plain"]["iss"] for each in told["school"]}


def test_the_hub_learns_that_more_is_held_and_not_what(told: dict[str, Any]) -> None:
    idris = next(each for each in told["hub"] if each["cover"]["more_is_held"])
    assert "police_intelligence" not in idris["cover"]["held"]
    assert not any(claim.startswith("police_intelligence") for claim in idris["claims"])


def test_every_recipient_adds_up(carried: Broker, told: dict[str, Any]) -> None:
    account = carried.account()
    assert told["worker"]
    assert account["holds"], account


def test_what_is_held_is_proven_offline_and_one_changed_byte_is_refused(
    carried: Broker, told: dict[str, Any]
) -> None:
    file = next((told["folder"] / "worker").glob("*.json"))
    proven = carried.once("verify", str(file), "--json")
    assert json.loads(proven.stdout)["verified"]
    evidence = json.loads(file.read_text())
    for member in ("token", "cover", "leaf", "proof"):
        text = evidence[member]
        at = len(text) // 2
        other = "A" if text[at] != "A" else "B"
        file.write_text(json.dumps({**evidence, member: text[:at] + other + text[at + 1 :]}))
        refused = carried.once("verify", str(file), "--json", check=False)
        assert refused.returncode == 3, member
        assert json.loads(refused.stdout)["reason"]
    file.write_text(json.dumps(evidence))


def test_receipts_come_back_and_are_kept(carried: Broker, told: dict[str, Any]) -> None:
    held = len(told["worker"])
    asked = (
        "SELECT count(*) FROM outbox WHERE state = 'received'"
        " AND organisation = 'org:local:marlhaven-social-work'"
    )
    carried.until(lambda: carried.one(asked) == held, "receipts")


def test_what_cannot_be_read_reaches_a_person_and_the_rest_passes(carried: Broker) -> None:
    before = carried.one("SELECT count(*) FROM inbox")
    native = school_rows(2) + b"INC-9,1,Open,1,A,B,01/05/2015,Physical,20/11/2026,w,Purple,No,,1\n"
    answers = publish(carried, Agency.SCHOOLS, "csv-profile", [native])
    assert [each.outcome for each in answers] == ["notification", "notification", "quarantine"]
    carried.until(lambda: carried.one("SELECT count(*) FROM inbox") == before + 2, "two more")
    carried.until(
        lambda: carried.one("SELECT reason FROM quarantine LIMIT 1") == "unlisted_value", "kept"
    )


def test_sending_a_file_again_changes_nothing(carried: Broker) -> None:
    before = carried.one("SELECT count(*) FROM inbox")
    native = (MESSAGES / "wexcombe-safeguarding.csv").read_bytes()
    publish(carried, Agency.SCHOOLS, "csv-profile", [native])
    carried.until(lambda: carried.one("SELECT sum(repeated) FROM kafka_offset") >= 2, "repeats")
    assert carried.one("SELECT count(*) FROM inbox") == before
    assert carried.account()["holds"]


def test_a_retraction_reaches_everybody_who_was_told(carried: Broker) -> None:
    native = (MESSAGES / "wexcombe-safeguarding.csv").read_bytes()
    header, row = native.split(b"\r\n")[:2]
    retracted = row.replace(b"2026-11-20T15:21,Open", b"2026-11-21T09:00,Entered in error")
    publish(carried, Agency.SCHOOLS, "csv-profile", [header + b"\r\n" + retracted + b"\r\n"])
    asked = "SELECT count(*) FROM decision WHERE why = 'told_before' AND outcome = 'disclosed'"
    carried.until(lambda: carried.one(asked) == 3, "recalls to worker, hub and police")


def test_no_log_holds_a_word_of_any_concern(carried: Broker) -> None:
    logs = carried.logs()
    for canary in ("Mara", "Fennick", "Craig", "Culver", "9990020019", "jumper", "bike"):
        assert canary not in logs


def test_a_revoked_key_is_believed_no_more_and_what_it_signs_waits_for_a_person(
    carried: Broker,
) -> None:
    keys = json.loads(carried.once("keys", "show").stdout)
    kid = next(
        key["kid"]
        for key in keys
        if key["organisation"] == "org:ods:RZZ" and key["use"] == "signing"
    )
    carried.once("keys", "revoke", "--kid", kid)
    asked = "SELECT count(*) FROM quarantine WHERE reason = 'revoked_key'"

    def noticed() -> bool:
        native = (MESSAGES / "hospital-mara.json").read_bytes()
        other = native.replace(b"C-77120", f"C-{secrets.token_hex(4)}".encode())
        publish(carried, Agency.HEALTH, "fhir-r4", [other])
        return bool(carried.one(asked))

    carried.until(noticed, "the revocation")
    assert carried.account()["holds"]
