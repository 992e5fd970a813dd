"""
What a recipient's own systems are given as FHIR R4, and the same read back: a Bundle of type
message (FORMATS.md 3, Out; hl7.org/fhir/R4/messaging.html).

The text of each payload is what a person reads and what `told` reads back; every other element is
made from it again and compared, so that nothing changed on the way is taken for what was sent.
"""

import binascii
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from adapters.contract import ECHO, Disclosed, Site
from adapters.health.disclosed_people import (
    BROKER,
    Resource,
    bears_mark,
    organisation_of,
    patient_from,
    reference,
    url_of,
)
from adapters.outward import by_category, parts_from, text_of
from adapters.walk import dicts, one, text
from broker import strictjson
from broker.errors import Malformed

MOST_BYTES = 16 * 1024 * 1024
_PRIORITIES = {"immediate": "stat", "same_day": "urgent"}
_PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_PLAIN, _COVER = "plain", "cover"
_LAST_MOMENT = 253_402_300_799  # of the year 9999


def write(disclosed: Disclosed, site: Site) -> bytes:
    """The Bundle that a site's systems take in. It says nothing of what was withheld."""
    bundle = _bundle(disclosed, site.organisation)
    return json.dumps(bundle, ensure_ascii=False, indent=1).encode()


def told(native: bytes) -> Disclosed:
    """What `write` was given. Raises Malformed."""
    document = strictjson.read(native, most_bytes=MOST_BYTES)
    if not isinstance(document, dict):
        raise Malformed("not_this_format", "no Bundle")
    by_kind: dict[str, Mapping[str, Any]] = {}
    for entry in dicts(document.get("entry")):
        resource = one(entry.get("resource"))
        by_kind.setdefault(text(resource.get("resourceType")), resource)
    disclosed = _disclosed(document, by_kind)
    destination = one(by_kind.get("MessageHeader", {}).get("destination")).get("name")
    made = _bundle(disclosed, destination if isinstance(destination, str) else "")
    if _canonical(made) != _canonical(document):
        raise Malformed("not_this_format", "changed on the way")
    return disclosed


def _canonical(value: Any) -> str:
    """Equal as JSON, in which true is not 1."""
    return json.dumps(value, sort_keys=True)


def _disclosed(document: Mapping[str, Any], by_kind: Mapping[str, Mapping[str, Any]]) -> Disclosed:
    claims: dict[str, dict[str, Any]] = {}
    for payload in dicts(by_kind.get("Communication", {}).get("payload")):
        claims |= _parts(payload.get("contentString"))
    if not claims.keys() >= {_PLAIN, _COVER}:
        raise Malformed("not_this_format", "no payload of ours")
    signed, _, token = _evidence(by_kind.get("Binary", {})).partition("\n")
    disclosure = one(document.get("identifier")).get("value")
    return Disclosed(
        disclosure=disclosure if isinstance(disclosure, str) else "",
        plain=claims.pop(_PLAIN),
        cover=claims.pop(_COVER),
        claims=claims,
        token=token,
        signed_cover=signed,
    )


def _parts(written: Any) -> dict[str, dict[str, Any]]:
    try:
        return parts_from(written if isinstance(written, str) else "?")
    except (ValueError, RecursionError):
        raise Malformed("not_this_format", "a payload") from None


def _evidence(binary: Mapping[str, Any]) -> str:
    try:
        return b64decode(text(binary.get("data")), validate=True).decode()
    except (binascii.Error, ValueError):
        raise Malformed("not_this_format", "Binary") from None


def _bundle(disclosed: Disclosed, organisation: str) -> Resource:
    patient = patient_from(disclosed.claims)
    resources = {
        "MessageHeader": _header(disclosed, organisation, named=patient is not None),
        "Communication": _communication(disclosed, named=patient is not None),
        "Patient": patient,
        "Recipient": organisation_of(organisation),
        "Publisher": organisation_of(text(disclosed.plain.get("iss"))),
        "Provenance": _provenance(disclosed),
        "Binary": _binary(disclosed),
    }
    return {
        "resourceType": "Bundle",
        "identifier": {"system": ECHO, "value": disclosed.disclosure},
        "meta": bears_mark(),
        "type": "message",
        "timestamp": _moment(disclosed),
        "entry": [
            {"fullUrl": url_of(disclosed, name), "resource": resource}
            for name, resource in resources.items()
            if resource is not None
        ],
    }


def _header(disclosed: Disclosed, organisation: str, *, named: bool) -> Resource:
    focus = ["Communication", "Patient"] if named else ["Communication"]
    return {
        "resourceType": "MessageHeader",
        "meta": bears_mark(),
        "eventCoding": {"system": f"{BROKER}:message-event", "code": "concern-disclosed"},
        "destination": [
            {
                "name": organisation,
                "endpoint": f"{BROKER}:{organisation}",
                "receiver": reference(disclosed, "Recipient"),
            }
        ],
        "source": {"name": "concern-broker", "endpoint": BROKER},
        "focus": [reference(disclosed, name) for name in focus],
    }


def _communication(disclosed: Disclosed, *, named: bool) -> Resource:
    """A correction answers what it corrects; without an identity there is nobody to file under."""
    corrects = disclosed.cover.get("corrects")
    answers = {"inResponseTo": [{"identifier": {"system": ECHO, "value": corrects}}]}
    return {
        "resourceType": "Communication",
        "meta": bears_mark(),
        "identifier": [{"system": ECHO, "value": disclosed.disclosure}],
        **(answers if isinstance(corrects, str) and corrects else {}),
        "status": "completed",
        "category": [{"text": "Child safeguarding information, disclosed by the concern broker"}],
        "priority": _PRIORITIES.get(text(disclosed.plain.get("urgency")), "routine"),
        **({"subject": reference(disclosed, "Patient")} if named else {}),
        "sent": _moment(disclosed),
        "recipient": [reference(disclosed, "Recipient")],
        "sender": reference(disclosed, "Publisher"),
        "payload": [{"contentString": each} for each in _payloads(disclosed)],
    }


def _payloads(disclosed: Disclosed) -> list[str]:
    """What is known of any notification, then one text for each category."""
    said = [{_PLAIN: disclosed.plain, _COVER: disclosed.cover}]
    for category, parts in by_category(disclosed.claims).items():
        said.append({f"{category}.{part}": value for part, value in parts.items()})
    return [text_of(each) for each in said]


def _provenance(disclosed: Disclosed) -> Resource:
    made = {
        "resourceType": "Provenance",
        "meta": bears_mark(),
        "target": [reference(disclosed, "Communication")],
        "recorded": _moment(disclosed),
        "agent": [
            _agent("author", reference(disclosed, "Publisher")),
            _agent("transmitter", {"display": "concern-broker"}),
        ],
    }
    if _binary(disclosed) is not None:
        made["entity"] = [{"role": "source", "what": reference(disclosed, "Binary")}]
    return made


def _agent(part: str, who: Resource) -> Resource:
    return {"type": {"coding": [{"system": _PARTICIPANT, "code": part}]}, "who": who}


def _binary(disclosed: Disclosed) -> Resource | None:
    """The evidence, as it was sealed: the signed cover, and the token on the next line."""
    if not (disclosed.token or disclosed.signed_cover):
        return None
    evidence = f"{disclosed.signed_cover}\n{disclosed.token}"
    return {
        "resourceType": "Binary",
        "meta": bears_mark(),
        "contentType": "application/sd-jwt",
        "data": b64encode(evidence.encode()).decode(),
    }


def _moment(disclosed: Disclosed) -> str:
    issued = disclosed.plain.get("iat")
    known = issued if isinstance(issued, int) and 0 <= issued <= _LAST_MOMENT else 0
    return datetime.fromtimestamp(known, UTC).isoformat()
