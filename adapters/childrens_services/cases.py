"""Facts of a CSC payload about a child: enquiries, plans, placements, workers, and who it is."""

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.childrens_services.child import (
    Child,
    adoption_of,
    is_purged,
    live,
    without_place,
)
from adapters.contract import Event
from adapters.dates import birth_date, is_adult, moment
from adapters.names import Faults
from adapters.natives import content_version
from adapters.sites import zone_of
from adapters.walk import Object, dicts, text
from broker.domain.words import EventType

# List of the episode, the id in it, the care status that it opens.
_CASES = (
    ("section_47_assessments", "section_47_assessment_id", "section_47_enquiry"),
    ("child_protection_plans", "child_protection_plan_id", "child_protection_plan"),
    ("child_in_need_plans", "child_in_need_plan_id", "child_in_need"),
    ("child_looked_after_placements", "child_looked_after_placement_id", "looked_after"),
)
_ENQUIRY = "section_47_enquiry"
_MOST_STATUSES = 10


def statuses_of(child: Child, episode: Object) -> list[dict[str, str]]:
    """`care_status`: what stands in the episode, as a referral shows it."""
    found = []
    for name, _, status in _CASES:
        for case in live(episode.get(name)):
            dates = {"from": case.get("start_date"), "until": case.get("end_date")}
            kept = {
                key: day for key, written in dates.items() if (day := birth_date(text(written)))
            }
            found.append({"status": _status(child, status), **kept})
    return found[:_MOST_STATUSES]


def _status(child: Child, status: str) -> str:
    unborn = child.identity["summary"]["subject_kind"] == "unborn"
    return f"{status}_unborn" if unborn and status == "child_protection_plan" else status


def facts(child: Child, episode: Object, reference: str) -> Iterator[Event]:
    """Cases opened and closed, and who works with the child; of adults, nothing (rule 13)."""
    if is_adult(
        child.identity["summary"].get("birth_date"), child.site.received.date().isoformat()
    ):
        return
    place: Faults = []
    hidden = adoption_of(episode, place) is not None
    for name, identifier, status in _CASES:
        for n, case in enumerate(dicts(episode.get(name)), 1):
            own = text(case.get(identifier)) or f"{reference}-{name}-{n}"
            yield _case(child, case, own, _status(child, status), hidden=hidden)
    closed = text(episode.get("closure_date"))
    if closed:
        yield _closure(child, episode, reference, hidden=hidden)
    for worker in dicts(episode.get("care_worker_details")):
        yield _allocated(child, worker, reference, closed, hidden=hidden)


def withdrawn(child: Child, episode: Object, reference: str) -> Iterator[Event]:
    """
    What a purged episode opened. A purge that repeats nothing of what the episode held withdraws
    its enquiry, which is what the referral's level rested on.
    """
    listed = [
        (text(case.get(identifier)) or f"{reference}-{name}-{n}", _status(child, status))
        for name, identifier, status in _CASES
        for n, case in enumerate(dicts(episode.get(name)), 1)
    ]
    for own, status in listed or [(f"{reference}-section_47_assessments", _ENQUIRY)]:
        fact = {"status": status, "withdrawn": True}
        yield _fact(EventType.CASE_CLOSED, child, own, fact)
    for worker in dicts(episode.get("care_worker_details")):
        yield _allocated(child, {**worker, "purge": True}, reference, "")


def _case(child: Child, case: Object, reference: str, status: str, *, hidden: bool) -> Event:
    faults: Faults = []
    purged = is_purged(case)
    fact = {
        "status": status,
        "from": _moment(child, case, "start_date", faults),
        "until": _moment(child, case, "end_date", faults),
        "withdrawn": purged or None,
    }
    # an end that nobody can read is an end all the same
    closed = purged or bool(text(case.get("end_date")))
    kind = EventType.CASE_CLOSED if closed else EventType.CASE_OPENED
    return _fact(kind, child, reference, fact, faults, hidden=hidden)


def _closure(child: Child, episode: Object, reference: str, *, hidden: bool) -> Event:
    faults: Faults = []
    fact = {
        "status": "child_in_need",
        "until": _moment(child, episode, "closure_date", faults),
        "reason": text(episode.get("closure_reason")) or None,
    }
    return _fact(EventType.CASE_CLOSED, child, reference, fact, faults, hidden=hidden)


def _allocated(
    child: Child, worker: Object, reference: str, closed: str, *, hidden: bool = False
) -> Event:
    """A closed episode has nobody allocated, whether or not the worker's own end was written."""
    faults: Faults = []
    ends = worker if text(worker.get("end_date")) else {"end_date": closed}
    name = text(worker.get("worker_id"))
    fact = {
        "organisation": child.site.profile.get("social_work", child.site.organisation),
        "role": "social_worker",
        "relationship": "allocated",
        "from": _moment(child, worker, "start_date", faults),
        "until": _moment(child, ends, "end_date", faults),
        "worker": name or None,
        "withdrawn": is_purged(worker) or None,
    }
    own = f"{reference}-{name or 'worker'}"
    return _fact(EventType.RELATIONSHIP_CHANGED, child, own, fact, faults, hidden=hidden)


def _moment(child: Child, record: Object, name: str, faults: Faults) -> str | None:
    written = text(record.get(name))
    found = moment(written, zone_of(child.site)) if written else None
    if written and (found is None or not found.exact):
        faults.append((name, "bad_date"))
    return found.text if found is not None else None


def _fact(
    kind: EventType,
    child: Child,
    reference: str,
    fact: Mapping[str, Any],
    faults: Faults | None = None,
    *,
    hidden: bool = False,
) -> Event:
    said = {name: value for name, value in fact.items() if value is not None}
    return Event(
        type=kind,
        reference=reference,
        version=content_version(said),
        subject_key=child.key,
        facts=said,
        native=child.original(faults),
        categories={"identity": without_place(child.identity) if hidden else child.identity},
    )


def changes(child: Child, *, purged_details: bool) -> Iterator[Event]:
    """
    `identity.changed`: a birth, a number that another took the place of, details withdrawn. It says
    who the child is, never where.
    """
    details, after = child.details, without_place(child.identity)
    if text(details.get("date_of_birth")) and text(details.get("expected_date_of_birth")):
        before = {"summary": {"known": "described", "subject_kind": "unborn"}}
        yield _changed(child, "born", {"before": before, "after": after})
    former = text(details.get("former_unique_pupil_number"))
    if former:
        yield _changed(child, "number_superseded", {"after": after})
    if purged_details:
        yield _changed(child, "corrected", {"after": after})


def _changed(child: Child, kind: str, fact: Mapping[str, Any]) -> Event:
    return Event(
        type=EventType.IDENTITY_CHANGED,
        reference=f"{child.key}/{kind}",
        version=content_version(fact),
        subject_key=child.key,
        plain={"kind": kind},
        facts=fact,
        native=child.original(),
        categories={"identity": without_place(child.identity)},
    )
