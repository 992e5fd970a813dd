"""
The DfE's CSC API, payload 0.7 (data-to-insight/dfe-csc-api-data-flows). A new referral is a
concern; enquiries, plans and placements are case facts; the worker is a relationship. `purge`
withdraws.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.codes import table
from adapters.contract import Event, Item, Nothing, Quarantined, Site
from adapters.dates import birth_date
from adapters.identifiers import upn_assurance
from adapters.levels import urgency
from adapters.natives import native_part, pruned
from broker import strictjson
from broker.domain.words import EventType
from broker.errors import Malformed

_FACTORS = "assessment_factors"
# Child's section: (list of the episode, its id, the care status that it opens)
_CASES = (
    ("section_47_assessments", "section_47_assessment_id", "section_47_enquiry"),
    ("child_protection_plans", "child_protection_plan_id", "child_protection_plan"),
    ("child_in_need_plans", "child_in_need_plan_id", "child_in_need"),
    ("child_looked_after_placements", "child_looked_after_placement_id", "looked_after"),
)


@dataclass(frozen=True, slots=True)
class _Child:
    """One child of the payload, with what every event about it shares."""

    key: str
    identity: dict[str, Any]
    native: bytes
    site: Site

    def common(self, reference: str, version: str) -> dict[str, Any]:
        return {"reference": reference, "version": version, "subject_key": self.key}

    def original(self) -> dict[str, Any]:
        return native_part(self.native, made_by="system", form="csc-json")


def read(native: bytes, site: Site) -> Sequence[Item]:
    """Every child, every episode: one Item each at least."""
    try:
        payload = strictjson.read(native.removeprefix(b"\xef\xbb\xbf"))
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    children = _listed(payload.get("Children")) if isinstance(payload, dict) else []
    if not isinstance(payload, dict) or "Children" not in payload:
        return [Quarantined(reason="not_this_format", detail="Children")]
    items = [item for child in children for item in _child(child, native, site)]
    return items or [Nothing(reason="no_children")]


def _listed(value: Any) -> list[Mapping[str, Any]]:
    """One object or many: councils send both."""
    several = value if isinstance(value, list) else [value]
    return [each for each in several if isinstance(each, dict)]


def _child(child: Mapping[str, Any], native: bytes, site: Site) -> Iterator[Item]:
    key = str(child.get("la_child_id") or child.get("mis_child_id") or "")
    if not key:
        yield Quarantined(reason="no_subject", detail="la_child_id")
        return
    found = _Child(key, _identity(child, key, site), native, site)
    episodes = _listed(child.get("social_care_episodes"))
    for episode in episodes:
        withdrawn = child.get("purge") is True or episode.get("purge") is True
        yield from _withdrawn(found, episode) if withdrawn else _episode(found, episode)
    if not episodes:
        yield Nothing(reason="no_episode")


def _identity(child: Mapping[str, Any], key: str, site: Site) -> dict[str, Any]:
    details = child.get("child_details")
    details = details if isinstance(details, dict) else {}
    expected = details.get("expected_date_of_birth")
    born = birth_date(str(details.get("date_of_birth") or ""))
    sex = str(details.get("sex") or "U").upper()
    summary = {
        "known": "identified" if details.get("surname") or born or expected else "described",
        "subject_kind": "unborn" if expected and not born else "child",
        "given_name": details.get("first_name"),
        "family_name": details.get("surname"),
        "birth_date": born,
        "expected_birth_date": None if born else expected,
        "sex": sex if sex in {"F", "M"} else "U",
    }
    identifiers = [
        {
            "system": "la_child_id",
            "value": key[:40],
            "issuer": site.organisation,
            "assurance": "verified",
        }
    ]
    upn = details.get("unique_pupil_number")
    if isinstance(upn, str) and upn.strip():
        identifiers.append(
            {"system": "upn", "value": upn.strip()[:40], "assurance": upn_assurance(upn)}
        )
    full: dict[str, Any] = {"identifiers": identifiers}
    if details.get("postcode"):
        full["address"] = {"postcode": str(details["postcode"])[:10]}
    return {"summary": {name: value for name, value in summary.items() if value}, "full": full}


def _episode(child: _Child, episode: Mapping[str, Any]) -> Iterator[Item]:
    reference = str(episode.get("social_care_episode_id") or "")
    if not reference:
        yield Quarantined(reason="not_this_format", detail="social_care_episode_id")
        return
    yield _referral(child, episode, reference)
    for name, identifier, status in _CASES:
        for case in _listed(episode.get(name)):
            yield _case(child, case, str(case.get(identifier) or f"{reference}-{name}"), status)
    for worker in _listed(episode.get("care_worker_details")):
        yield _allocated(child, worker, reference)


def _referral(child: _Child, episode: Mapping[str, Any], reference: str) -> Item:
    factors = _factors(episode)
    unknown = [code for code in factors if code not in table(_FACTORS)]
    source = str(episode.get("referral_source") or "")
    if source and source not in table("referral_sources"):
        unknown.append("referral_source")
    if unknown:
        return Quarantined(reason="unknown_code", detail=", ".join(unknown)[:80])
    ended = episode.get("referral_no_further_action_flag") is True
    enquiry = bool(_live(episode.get("section_47_assessments")))
    level = "early_help" if ended else "significant_harm" if enquiry else "child_in_need"
    narrative: dict[str, Any] = {
        "basis": "recorded_status",
        "occurred": str(episode.get("referral_date") or "unknown"),
        "abuse": ["UNSPECIFIED"],
    }
    if factors:
        narrative["factors"] = factors
    categories: dict[str, dict[str, Any]] = {
        "identity": child.identity,
        "narrative": {"summary": narrative},
    }
    if source:
        categories["referrer"] = {"summary": {"source": source}}
    return Event(
        type=EventType.CONCERN_RAISED,
        **child.common(reference, str(episode.get("referral_date") or "1")),
        plain={
            "level": level,
            "level_state": "proposed",
            "urgency": urgency(level),
            "family": {"may_be_told": "not_known"},
        },
        routing={
            "purpose": "safeguarding",
            "lawful_basis": {"article_6": "6_1_e", "condition": "sch1_18"},
            "consent_state": "not_sought_impracticable",
            "jurisdiction": "GB-ENG",
            "location_protected": False,
        },
        native=child.original(),
        categories=pruned(categories),
    )


def _live(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in _listed(value) if each.get("purge") is not True]


def _factors(episode: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for assessment in _live(episode.get("child_and_family_assessments")):
        listed = assessment.get("factors")
        found += (
            [str(each) for each in listed if str(each) not in found]
            if isinstance(listed, list)
            else []
        )
    return found


def _case(child: _Child, case: Mapping[str, Any], reference: str, status: str) -> Event:
    ended, withdrawn = case.get("end_date"), case.get("purge") is True
    kind = EventType.CASE_CLOSED if ended or withdrawn else EventType.CASE_OPENED
    fact = {
        "status": status,
        "from": case.get("start_date"),
        "until": ended,
        "withdrawn": True if withdrawn else None,
    }
    return _fact(kind, child, reference, str(ended or case.get("start_date") or "1"), fact)


def _allocated(child: _Child, worker: Mapping[str, Any], reference: str) -> Event:
    fact = {
        "organisation": child.site.profile.get("social_work", child.site.organisation),
        "role": "social_worker",
        "relationship": "allocated",
        "from": worker.get("start_date"),
        "until": worker.get("end_date"),
        "worker": worker.get("worker_id"),
        "withdrawn": True if worker.get("purge") is True else None,
    }
    version = str(worker.get("end_date") or worker.get("start_date") or "1")
    name = f"{reference}-{worker.get('worker_id', 'worker')}"
    return _fact(EventType.RELATIONSHIP_CHANGED, child, name, version, fact)


def _fact(
    kind: EventType, child: _Child, reference: str, version: str, fact: Mapping[str, Any]
) -> Event:
    return Event(
        type=kind,
        **child.common(reference, version),
        facts={name: value for name, value in fact.items() if value is not None},
        native=child.original(),
        categories={"identity": child.identity},
    )


def _withdrawn(child: _Child, episode: Mapping[str, Any]) -> Iterator[Item]:
    """`purge` withdraws the object that bears it with what it contains (7a.16)."""
    reference = str(episode.get("social_care_episode_id") or "")
    yield Event(
        type=EventType.CONCERN_RETRACTED,
        **child.common(reference, "purged"),
        plain={"reason": "entered_in_error"},
        native=child.original(),
    )
    yield _fact(
        EventType.CASE_CLOSED,
        child,
        f"{reference}-section_47_assessments",
        "purged",
        {"status": "section_47_enquiry", "withdrawn": True},
    )
