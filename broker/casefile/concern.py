"""
The concern of a case: every form in which it may be written becomes the object before signing,
which the schema then checks as it checks what arrives. Nothing is signed and nothing is sent.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from broker.casefile.invented import parts_of
from broker.casefile.written import WrittenShort, WrittenSubject
from broker.domain.ids import KeyId, OrganisationId
from broker.domain.notification import Notification, lane_of
from broker.domain.words import Agency, Category, EventType, Lane, Level, Urgency
from broker.errors import Malformed
from broker.publishers import notification_from
from broker.schemas import BROKER_ONLY, fault_in
from broker.sdjwt import Token

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def letters(*parts: str) -> str:
    """26 letters, the same for the same words: an id as publishers make them."""
    digest = hashlib.sha256("\x00".join(parts).encode()).digest()
    return base64.b32encode(digest[:16]).decode().rstrip("=").lower()


def pseudonym(*parts: str) -> str:
    digest = hashlib.sha256("\x00".join(parts).encode()).digest()
    return "ps:" + base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def spoken(made: str) -> str:
    number = int.from_bytes(hashlib.sha256(made.encode()).digest()[:5], "big")
    read_out = "".join(_CROCKFORD[number >> shift & 31] for shift in range(35, -5, -5))
    return f"{read_out[:4]}-{read_out[4:]}"


Place = tuple[str, ...]


def whole_in(written: Mapping[str, Any], place: Place = ()) -> tuple[Place, dict[str, Any]] | None:
    """
    The object before signing that stands here, alone or in its envelope, with its place; None of a
    short form. Raises Malformed where `broker read` found no concern.
    """
    if "outcome" in written and "notification" in written:  # a line of `broker read`
        inside = written["notification"]
        if not isinstance(inside, dict):
            raise Malformed("concern", "/outcome: holds no concern to decide")
        return whole_in(inside, (*place, "notification"))
    if "specversion" in written:
        data = written.get("data")
        if not isinstance(data, dict):
            raise Malformed("concern", "/data: write the object before signing here")
        return (*place, "data"), data
    return (place, dict(written)) if "iss" in written else None


def from_short(
    short: WrittenShort, subject: WrittenSubject, agency: Agency, at: datetime
) -> dict[str, Any]:
    """The object before signing that a short form stands for."""
    issued = (short.issued or at).astimezone(UTC)
    made = letters("event", short.publisher, short.reference)
    urgent = lane_of(short.level, Urgency.ROUTINE) is Lane.EMERGENCY
    urgency = short.urgency or (Urgency.IMMEDIATE if urgent else Urgency.ROUTINE)
    categories: dict[str, dict[str, Any]] = {
        category.value: dict[str, Any](parts or parts_of(category))
        for category, parts in short.parts.items()
    }
    _say_who(categories[Category.IDENTITY.value], subject)
    return {
        "iss": short.publisher,
        "iat": int(issued.timestamp()),
        "jti": made,
        "thread": letters("thread", short.publisher, short.reference),
        "sub": pseudonym(short.publisher, "the subject"),
        "schema_version": "1.0",
        "type": EventType.CONCERN_RAISED.value,
        "agency": agency.value,
        "level": short.level.value,
        "level_state": short.level_state.value,
        "urgency": urgency.value,
        "family": {"may_be_told": "not_known"},
        **({"handling": list(short.handling)} if short.handling else {}),
        "reference": spoken(made),
        "present": {name: sorted(parts, reverse=True) for name, parts in categories.items()},
        "routing": {
            "purpose": "safeguarding",
            "lawful_basis": {"article_6": "6_1_e"},
            "consent_state": short.consent_state.value,
            "jurisdiction": "GB-ENG",
            "location_protected": False,
            **short.routing,
        },
        "native": {
            "made_by": "person" if "full" in categories[Category.NARRATIVE.value] else "system",
            "format": "form",
            "reference": short.reference,
            "received": issued.isoformat().replace("+00:00", "Z"),
            "sha256": "0" * 64,
        },
        "categories": categories,
    }


def _say_who(identity: dict[str, Any], subject: WrittenSubject) -> None:
    said = {
        "subject_kind": subject.kind or "child",
        "birth_date": subject.birth_date,
        "expected_birth_date": subject.expected,
    }
    found = {name: value for name, value in said.items() if value is not None}
    identity["summary"] = {"known": "identified", **found, **identity.get("summary", {})}


def notification_of(data: Mapping[str, Any], received: datetime) -> Notification:
    """
    The notification as intake would read it. Raises Malformed with the path that does not fit and
    the rule that it breaks, never with what stands there.
    """
    kind = data.get("type")
    if kind != EventType.CONCERN_RAISED:
        raise Malformed("concern", f"/type: write {EventType.CONCERN_RAISED}: only that is decided")
    fault = fault_in(EventType.CONCERN_RAISED, data)
    if fault is not None:
        raise Malformed("concern", f"{fault}: see the schema of {EventType.CONCERN_RAISED}")
    plain = {
        name: value for name, value in data.items() if name not in {*BROKER_ONLY, "categories"}
    }
    claims = {name: data[name] for name in BROKER_ONLY if name in data}
    claims |= {
        f"{category}.{part}": value
        for category, parts in data["categories"].items()
        for part, value in parts.items()
    }
    token = Token(
        kid=KeyId("unsigned"),
        organisation=OrganisationId(str(data["iss"])),
        plain=plain,
        claims=claims,
        text="",
        issued=datetime.fromtimestamp(data["iat"], UTC),
        late=False,
    )
    return notification_from(token, received, {})


def lane_in(data: Mapping[str, Any]) -> str:
    return lane_of(Level(data["level"]), Urgency(data["urgency"])).value
