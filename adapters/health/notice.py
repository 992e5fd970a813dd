"""
One event of the Multicast Notification Service, in whichever of its three shapes: a CloudEvent, the
older event whose subject is an object, or a FHIR signal.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.contract import ECHO
from adapters.dates import birth_date
from adapters.health.message import is_echo
from adapters.walk import Object, dicts, one, text

SIGNAL = "backport-subscription-status"
_TYPE = re.compile(r"(?P<kind>[a-z][a-z-]{0,60}[a-z])(-[0-9]{1,2})?")
_NAME = re.compile(r"[a-z][a-z0-9]{0,39}")
_PATIENT = re.compile(r"/Patient/(?P<number>[0-9]{10})(?=[/?]|$)")
# CloudEvents 1.0 with its extensions for references and tracing
_KNOWN = frozenset(
    {
        "specversion", "id", "source", "type", "time", "subject", "dataref", "data",
        "datacontenttype", "dataschema", "traceparent", "tracestate", "partitionkey", "sequence",
        "resourceType", "timestamp", "entry", "meta",
    }
)  # fmt: skip
_LONGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What an event says: its kind, whom it is about, where more can be read, what it brings."""

    id: str
    type: str
    source: str = ""
    number: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    born: str | None = field(default=None, repr=False)
    url: str = field(default="", repr=False)
    data: Object = field(default_factory=dict, repr=False)
    unread: Sequence[tuple[str, str]] = field(default=(), repr=False)

    @property
    def kind(self) -> str:
        """The type without its version."""
        found = _TYPE.fullmatch(self.type)
        return found["kind"] if found is not None else ""

    @property
    def status(self) -> str:
        """Of a change of number, `R` replaced or `I` invalidated, where that is said."""
        return text(self.data.get("nhsNumberStatus"))

    @property
    def unseen(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.unread)

    @property
    def is_echo(self) -> bool:
        return self.source.startswith(ECHO) or is_echo(self.data)

    def known_as(self, system: str, number: str) -> dict[str, Any]:
        """Whom the event is about under a number, as a Patient."""
        made: dict[str, Any] = {"identifier": [{"system": system, "value": number}]}
        if self.family_name:
            made["name"] = [{"family": self.family_name}]
        return {**made, "birthDate": self.born} if self.born else made

    def patient(self, system: str) -> dict[str, Any]:
        """The Patient that the event brings, with what it says itself of whom it is about."""
        said = self.known_as(system, self.number) if self.number else {}
        return {**said, **self.data, "resourceType": "Patient"}

    def points_to(self, system: str) -> str:
        """The number of the Patient that it brings, else of the one that its address names."""
        for each in dicts(self.data.get("identifier")):
            if each.get("system") == system:
                return text(each.get("value"))
        found = _PATIENT.search(self.url)
        return found["number"] if found is not None else ""


def is_notice(each: Any) -> bool:
    """Whether it is an event at all."""
    if not isinstance(each, dict):
        return False
    return is_signal(each) or ("resourceType" not in each and isinstance(each.get("type"), str))


def is_signal(document: Object) -> bool:
    """Whether a FHIR document is a signal: a status of a subscription, and nothing of a record."""
    return any(SIGNAL in text(each) for each in _profiles(_status(document)))


def born_of(resource: Object) -> str | None:
    """The birth date of a Patient; of another resource, none."""
    of_patient = resource.get("resourceType") == "Patient"
    return birth_date(text(resource.get("birthDate"))) if of_patient else None


def notice_from(each: Object) -> Notice:
    """An event, whatever its shape."""
    return _from_signal(each) if is_signal(each) else _from_event(each)


def _from_event(event: Object) -> Notice:
    subject, data = event.get("subject"), one(event.get("data"))
    about = one(subject)
    source = event.get("source")
    return Notice(
        id=text(event.get("id")),
        type=_type(event.get("type")),
        source=text(source) or text(one(one(source).get("identifier")).get("value")),
        number=text(about.get("nhsNumber")) or (subject if isinstance(subject, str) else ""),
        family_name=text(about.get("familyName")),
        born=birth_date(text(about.get("dob"))) or born_of(data),
        url=text(event.get("dataref")) or text(data.get("fullUrl")),
        data=data,
        unread=_unread(event),
    )


def _from_signal(bundle: Object) -> Notice:
    said: dict[str, Object] = {}
    for parameter in dicts(_status(bundle).get("parameter")):
        for part in dicts(parameter.get("part")):
            said.setdefault(text(part.get("name")), part)
    subject = one(said.get("subject", {}).get("valueReference"))
    resources = [one(entry.get("resource")) for entry in dicts(bundle.get("entry"))[1:]]
    focus = one(said.get("focus", {}).get("valueReference"))
    data = next(filter(None, resources), {})
    return Notice(
        id=text(bundle.get("id")),
        type=_type(said.get("event-type", {}).get("valueString")),
        source=text(said.get("source", {}).get("valueUri")),
        number=text(one(subject.get("identifier")).get("value")),
        url=text(focus.get("reference")),
        born=born_of(data),
        data=data,
    )


def _status(bundle: Object) -> Object:
    return one(one(bundle.get("entry")).get("resource"))


def _profiles(resource: Object) -> list[Any]:
    written = one(resource.get("meta")).get("profile")
    return written if isinstance(written, list) else [written]


def _type(written: Any) -> str:
    """The type as its owner names it: what is no name of a type may hold anything."""
    kind = text(written)
    return kind if _TYPE.fullmatch(kind) else "type"


def _unread(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, json.dumps(value, ensure_ascii=False)[:_LONGEST])
        for name, value in event.items()
        if name not in _KNOWN and _NAME.fullmatch(name)
    ]
