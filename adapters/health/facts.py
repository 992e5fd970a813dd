"""What a FHIR message says about a child that is no concern: a status, and the practice."""

from collections.abc import Iterator

from adapters.contract import Event, Item, Nothing, Quarantined
from adapters.dates import is_adult, moment
from adapters.health.around import RESTRICTED
from adapters.health.coding import Listed, is_history, is_taken_back
from adapters.health.concern import reference_of
from adapters.health.message import Held, Message, is_echo, labels, names_of
from adapters.health.patient import (
    Identity,
    Person,
    identity_of,
    patient_of,
    person_from,
    practice_of,
)
from adapters.names import Faults
from adapters.natives import content_version, native_part
from adapters.sites import zone_of
from adapters.walk import Object, one, text
from broker.domain.words import EventType

_PLACES = frozenset({"address", "telephone"})


def case(held: Held, found: Listed, message: Message) -> Item:
    """A status opened or closed. Refuted is withdrawn; ended is closed; once so is history."""
    resource = held.resource
    ends = found.row["action"] == "status_closed"
    withdrawn = is_taken_back(resource)
    if withdrawn and ends:
        return Nothing(reason="negated")
    if held.kind != "Flag" and is_history(resource) and not withdrawn:
        return Nothing(reason="historical")
    faults: Faults = []
    person = patient_of(held, message)
    identity = identity_of(person, message.site, faults)
    if identity is None or person is None:
        return Quarantined(reason="no_subject", detail=held.kind)
    day = _today(message)
    if is_adult(identity["summary"].get("birth_date"), day):
        return Nothing(reason="adult")
    since, until = _period(held, message, faults)
    closed = ends or withdrawn or is_history(resource) or bool(until and until[:10] <= day)
    fact: dict[str, object] = {"status": found.row["status"], "from": since, "until": until}
    fact |= {"withdrawn": True} if withdrawn else {}
    reference, version = reference_of(held, message)
    kind = EventType.CASE_CLOSED if closed else EventType.CASE_OPENED
    unread = message.unread_in([resource, person.resource])
    return Event(
        type=kind,
        reference=reference,
        version=version or content_version(fact),
        subject_key=person.key,
        facts={name: value for name, value in fact.items() if value},
        native=native_part(
            message.native, made_by="system", form=message.form, faults=faults, unread=unread
        ),
        categories={"identity": _placed(identity, [resource], person, message)},
        unseen=names_of(unread),
    )


def registrations(message: Message, *, of_unknown_age: bool = False) -> Iterator[Event]:
    """
    The practice of a child: of adults nothing, nor of those whose age nobody says, unless the feed
    is one that a site takes for its children (FORMATS.md 2 rule 13).
    """
    for held in message.of_kind("Patient"):
        practice = practice_of(held, message)
        if not practice or is_echo(held.resource):
            continue
        person, faults = person_from(held.resource), list[tuple[str, str]]()
        identity = identity_of(person, message.site, faults)
        born = identity["summary"].get("birth_date") if identity is not None else None
        if identity is None or is_adult(born, _today(message)) or not (born or of_unknown_age):
            continue
        unread = message.unread_in([held.resource])
        fact = {"organisation": f"org:ods:{practice}", "role": "gp", "relationship": "registered"}
        yield Event(
            type=EventType.RELATIONSHIP_CHANGED,
            reference=f"{person.key}/registered",
            version=content_version(fact),
            subject_key=person.key,
            facts=fact,
            native=native_part(
                message.native, made_by="system", form=message.form, faults=faults, unread=unread
            ),
            categories={"identity": _placed(identity, [], person, message)},
            unseen=names_of(unread),
        )


def _today(message: Message) -> str:
    return message.site.received.date().isoformat()


def _period(held: Held, message: Message, faults: Faults) -> tuple[str | None, str | None]:
    period = one(held.resource.get("period"))
    made: list[str | None] = []
    for name in ("start", "end"):
        written = text(period.get(name))
        found = moment(written, zone_of(message.site)) if written else None
        if written and (found is None or not found.exact):
            faults.append((f"{held.kind}.period.{name}", "bad_date"))
        made.append(found.text if found is not None else None)
    return made[0], made[1]


def _placed(
    identity: Identity, resources: list[Object], person: Person, message: Message
) -> Identity:
    """The identity; a fact about a protected child says nothing of where it is."""
    if not labels([message.document, person.resource, *resources]) & RESTRICTED:
        return identity
    full = {name: value for name, value in identity["full"].items() if name not in _PLACES}
    return {"summary": identity["summary"], **({"full": full} if full else {})}
