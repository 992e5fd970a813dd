"""
What an HL7 v2 message says about a child that is no concern: who it is, which record took another's
place, where it attends, its practice, a status. Of adults, and of those whose age nobody says,
nothing (FORMATS.md 2 rule 13).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from adapters.contract import Event, Item, Nothing, Quarantined, Site
from adapters.dates import is_adult
from adapters.health.hl7v2.coded import Listed
from adapters.health.hl7v2.concern import Said, reference_of, unread
from adapters.health.hl7v2.group import Group, moment_of
from adapters.health.hl7v2.patient import Identity, Patient, identifiers_in, key_of
from adapters.health.hl7v2.syntax import Segment
from adapters.names import Faults
from adapters.natives import content_version, native_part
from adapters.sites import zone_of
from broker.domain.words import EventType

# Trigger event → what it gives (codes/hl7v2_events.json, FORMATS.md 3)
_IDENTITY = {"A28": "recorded", "A31": "corrected", "A08": "corrected"}
_MERGES = frozenset({"A18", "A34", "A36", "A39", "A40"})
_SUPERSEDES = frozenset({"A47"})
_ATTENDS = frozenset({"A01", "A02", "A03", "A04"})
_CANCELS = {"A11": "A01", "A12": "A02", "A13": "A03"}
_FOR_A_PERSON = {"A24": "link_not_merge", "A37": "needs_person"}
_PRACTICE = re.compile(r"[A-Z][0-9A-Z]{2,7}")  # an ODS code
_PLACES = frozenset({"address", "telephone"})
_LONGEST = 40


def facts(group: Group, patient: Patient | None, native: bytes, site: Site) -> Iterator[Item]:
    """Every fact of one patient's part of an ADT message."""
    header = group.message.header
    event = header.text(9, 2) or _evn(group)
    if header.text(9) != "ADT":
        return
    if event in _FOR_A_PERSON:
        yield Quarantined(reason=_FOR_A_PERSON[event], detail=f"ADT^{event}")
        return
    told = _ADT(event, group, native, site)
    if event not in _USED and not told.practice:
        return
    if patient is None:
        yield Nothing(reason="no_subject")
    elif patient.born is None:
        yield Nothing(reason="age_unknown")
    elif is_adult(patient.born, site.received.date().isoformat()):
        yield Nothing(reason="adult")
    else:
        yield from told.about(patient)


_USED = {*_IDENTITY, *_MERGES, *_SUPERSEDES, *_ATTENDS, *_CANCELS}


@dataclass(frozen=True, slots=True)
class _ADT:
    """One patient's part of an ADT message, on its way to facts."""

    event: str
    group: Group
    native: bytes = field(repr=False)
    site: Site

    @property
    def practice(self) -> str:
        """PD1-3, the practice; PD1-4 names a person of it."""
        pd1 = self.group.first("PD1")
        for repeat in pd1.repeats(3) if pd1 is not None else []:
            for component in (10, 3):
                found = pd1.part(repeat, component).upper() if pd1 is not None else ""
                if _PRACTICE.fullmatch(found):
                    return found
        return ""

    def about(self, patient: Patient) -> Iterator[Item]:
        if self.event in _IDENTITY:
            fact = {"after": _placeless(patient)}
            yield self._identity(patient, _IDENTITY[self.event], fact, f"{patient.key}/identity")
        elif self.event in _MERGES or self.event in _SUPERSEDES:
            yield from self._merges(patient)
        elif self.event in _ATTENDS or self.event in _CANCELS:
            yield self._attended(patient)
        if self.practice:
            registered = {
                "organisation": f"org:ods:{self.practice}",
                "role": "gp",
                "relationship": "registered",
            }
            reference = f"{patient.key}/registered"
            yield self._fact(EventType.RELATIONSHIP_CHANGED, patient, reference, registered)

    def _merges(self, patient: Patient) -> Iterator[Item]:
        """One for each MRG: the number that goes, and the one that stays (7a.15)."""
        found = self.group.of("MRG")
        if not found:
            yield Quarantined(reason="no_subject", detail="MRG")
        for mrg in found:
            yield self._merge(patient, mrg)

    def _merge(self, patient: Patient, mrg: Segment) -> Item:
        faults: Faults = []
        former = key_of(mrg, 1)
        gone = identifiers_in(mrg, 1, self.site, faults)[:8]
        if not former or not gone:
            return Quarantined(reason="no_subject", detail="MRG-1")
        kind = "merged" if self.event in _MERGES else "number_superseded"
        before = {
            "summary": {"known": "described", "subject_kind": "child"},
            "full": {"identifiers": gone},
        }
        fact = {"before": before, "after": _placeless(patient)}
        reference = f"{former}/{kind}"
        return self._identity(patient, kind, fact, reference, former if kind == "merged" else None)

    def _identity(
        self,
        patient: Patient,
        kind: str,
        fact: dict[str, Any],
        reference: str,
        former: str | None = None,
    ) -> Event:
        return Event(
            type=EventType.IDENTITY_CHANGED,
            reference=reference,
            version=content_version(kind, fact, patient.protected),
            subject_key=patient.key,
            plain={"kind": kind},
            routing={"location_protected": True} if patient.protected else {},
            facts=fact,
            native=self._native(patient),
            categories={"identity": _placeless(patient)},
            former_subject_key=former,
        )

    def _attended(self, patient: Patient) -> Event:
        faults: Faults = []
        pv1 = self.group.first("PV1")
        since = self._when(pv1, 44, faults)
        visit = (pv1.text(19) if pv1 is not None else "") or "visit"
        fact: dict[str, Any] = {
            "organisation": self.site.organisation,
            "relationship": "attended",
        }
        if self.event in _CANCELS:
            fact["withdrawn"] = True
        elif self.event == "A03":
            fact["until"] = self._when(pv1, 45, faults)
        else:
            fact["from"] = since
        fact = {name: value for name, value in fact.items() if value is not None}
        begun = _CANCELS.get(self.event, self.event)
        reference = f"{patient.key}/{visit}/{begun}"
        return self._fact(EventType.RELATIONSHIP_CHANGED, patient, reference, fact, faults)

    def _when(self, pv1: Segment | None, stay: int, faults: Faults) -> str | None:
        zone = zone_of(self.site)
        found = moment_of(pv1, stay, zone, faults) if pv1 is not None else None
        evn = self.group.first("EVN")
        for number in (6, 2):
            if found is None and evn is not None:
                found = moment_of(evn, number, zone, faults)
        return found or moment_of(self.group.message.header, 7, zone, faults)

    def _fact(
        self,
        kind: EventType,
        patient: Patient,
        reference: str,
        fact: dict[str, Any],
        faults: Faults | None = None,
    ) -> Event:
        return Event(
            type=kind,
            reference=reference[:200],
            version=content_version(fact),
            subject_key=patient.key,
            facts=fact,
            native=self._native(patient, faults),
            categories={"identity": _placeless(patient)},
        )

    def _native(self, patient: Patient, faults: Faults | None = None) -> dict[str, Any]:
        return native_part(
            self.native,
            made_by="system",
            form="hl7v2",
            faults=[*patient.faults, *(faults or [])],
            unread=unread(self.group),
        )


def case(said: Said, found: Listed, *, withdrawn: bool) -> Item:
    """A status opened or closed by a coded result or diagnosis."""
    ends = found.row["action"] == "status_closed"
    if withdrawn and ends:
        return Nothing(reason="negated")
    patient = said.patient
    if patient is None:
        return Quarantined(reason="no_subject", detail="PID")
    if is_adult(patient.born, said.site.received.date().isoformat()):
        return Nothing(reason="adult")
    faults: Faults = list(patient.faults)
    number = {"OBX": 14, "DG1": 5}.get(said.kind, 0)
    when = moment_of(said.carrier.segment, number, zone_of(said.site), faults) if number else None
    fact: dict[str, Any] = {"status": found.row["status"]}
    if when is not None:
        fact["until" if ends else "from"] = when
    fact |= {"withdrawn": True} if withdrawn else {}
    return Event(
        type=EventType.CASE_CLOSED if ends or withdrawn else EventType.CASE_OPENED,
        reference=f"{reference_of(said)}/{found.row['status']}"[:200],
        version=content_version(fact),
        subject_key=patient.key,
        facts=fact,
        native=native_part(said.native, made_by="system", form="hl7v2", faults=faults),
        categories={"identity": _placeless(patient)},
    )


def _placeless(patient: Patient) -> Identity:
    """The identity; a fact about a protected child says nothing of where it is."""
    full = {
        name: value
        for name, value in patient.identity["full"].items()
        if not (patient.protected and name in _PLACES)
    }
    return {"summary": patient.identity["summary"], **({"full": full} if full else {})}


def _evn(group: Group) -> str:
    evn = group.first("EVN")
    return evn.text(1)[:_LONGEST] if evn is not None else ""
