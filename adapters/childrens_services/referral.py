"""A referral of a CSC payload as a concern: statutory codes, and the level that they say."""

import re
from typing import Any

from adapters.childrens_services.cases import statuses_of
from adapters.childrens_services.child import Child, adoption_of, live
from adapters.codes import table
from adapters.contract import Event, Item, Quarantined
from adapters.dates import is_adult, moment
from adapters.levels import ABUSE, level_from, urgency
from adapters.names import Faults
from adapters.natives import content_version, protect, pruned
from adapters.sites import zone_of
from adapters.walk import Object, is_true, text
from broker.domain.words import EventType

_NO_FACTORS = "21"  # dropped on reading (codes/assessment_factors.json)
# The child's own drinking, drug use and mental health are the most protected category of these
# codes (DOMAIN.md 2.3 rule 1); a parent's stand beside the rest.
_SENSITIVE = {"1A": "substance", "2A": "substance", "4A": "mental_health"}
_CODE = re.compile(r"[0-9A-Za-z]{1,4}")


def concern(child: Child, episode: Object, reference: str) -> Item:
    """One referral; a code that no table has goes to a person (FORMATS.md 2 rule 6)."""
    unknown = _unknown(child, episode)
    if unknown:
        return Quarantined(reason="unknown_code", detail=", ".join(unknown))
    faults: Faults = []
    occurred = _occurred(child, episode, faults)
    day = occurred if occurred != "unknown" else child.site.received.date().isoformat()
    if is_adult(child.identity["summary"].get("birth_date"), day):
        return Quarantined(reason="over_18", detail="date_of_birth")
    closed = bool(text(episode.get("closure_date")))
    enquiry = not closed and bool(live(episode.get("section_47_assessments")))
    adoption = adoption_of(episode, faults)
    categories = _categories(child, episode, occurred)
    if adoption is not None:
        categories = protect({**categories, "protected_location": adoption})
    categories = pruned(categories)
    plain = _plain(episode, enquiry=enquiry)
    return Event(
        type=EventType.CONCERN_RAISED,
        reference=reference,
        version=content_version(plain, categories),
        subject_key=child.key,
        plain=plain,
        routing=_routing(enquiry=enquiry, protected=adoption is not None),
        native=child.original(faults),
        categories=categories,
    )


def _categories(child: Child, episode: Object, occurred: str) -> dict[str, dict[str, Any]]:
    factors = _factors(episode)
    need = text(episode.get("primary_need_code"))
    narrative: dict[str, Any] = {
        "basis": "recorded_status",
        "occurred": occurred,
        "abuse": _abuse(episode) or ["UNSPECIFIED"],
        "factors": [code for code in factors if code not in _SENSITIVE],
        "codes": [{"system": "dfe-need", "code": need}] if need else [],
    }
    sensitive = [code for code in factors if code in _SENSITIVE]
    kinds = sorted({_SENSITIVE[code] for code in sensitive})
    disabilities = _disabilities(child)
    source = text(episode.get("referral_source"))
    statuses = statuses_of(child, episode)
    return {
        "identity": {part: dict(values) for part, values in child.identity.items()},
        "care_status": (
            {
                "summary": {"statuses": statuses},
                "full": {"responsible_authority": child.site.organisation},
            }
            if statuses
            else {}
        ),
        "narrative": {"summary": {name: value for name, value in narrative.items() if value}},
        "child_health": {"summary": {"disabilities": disabilities} if disabilities else {}},
        "sensitive_health": {"summary": {"kinds": kinds, "factors": sensitive} if kinds else {}},
        "referrer": {"summary": {"source": source} if source else {}},
    }


def _plain(episode: Object, *, enquiry: bool) -> dict[str, Any]:
    said = {
        "section_47_enquiry": enquiry,
        "referral_ended": is_true(episode.get("referral_no_further_action_flag")),
        "open_referral": not text(episode.get("closure_date")) and not episode.get("contact"),
        "coded_abuse": not text(episode.get("closure_date")) and bool(ABUSE & set(_abuse(episode))),
    }
    if said["referral_ended"]:
        said |= {"open_referral": False, "coded_abuse": False}
    level, state = level_from({sign for sign, holds in said.items() if holds})
    return {
        "level": level,
        "level_state": state,
        "urgency": urgency(level),
        "family": {"may_be_told": "not_known"},
    }


def _routing(*, enquiry: bool, protected: bool) -> dict[str, Any]:
    """An enquiry rests on statute; of any other referral the payload says nothing about consent."""
    basis = {"article_6": "6_1_e", "condition": "sch1_18"}
    return {
        "purpose": "safeguarding",
        "lawful_basis": {**basis, "confidence": "conf_statute"} if enquiry else basis,
        "consent_state": "not_required_statutory" if enquiry else "not_sought_impracticable",
        "jurisdiction": "GB-ENG",
        "location_protected": protected,
    }


def _occurred(child: Child, episode: Object, faults: Faults) -> str:
    written = text(episode.get("referral_date"))
    found = moment(written, zone_of(child.site)) if written else None
    if written and (found is None or not found.exact):
        faults.append(("referral_date", "bad_date"))
    return found.text if found is not None else "unknown"


def _unknown(child: Child, episode: Object) -> list[str]:
    """What a person is shown: a code if it looks like one, else the name of the field only."""
    written = [("factors", code) for code in _factors(episode)]
    written += [("referral_source", text(episode.get("referral_source")))]
    written += [("closure_reason", text(episode.get("closure_reason")))]
    written += [("disabilities", code) for code in _disabilities(child)]
    written += [("primary_need_code", text(episode.get("primary_need_code")))]
    written += [("categories_of_abuse", code) for code in _abuse(episode)]
    wrong = [(name, code) for name, code in written if code and code not in table(_TABLES[name])]
    return [code if _CODE.fullmatch(code) else name for name, code in wrong]


_TABLES = {
    "factors": "assessment_factors",
    "referral_source": "referral_sources",
    "closure_reason": "closure_reasons",
    "disabilities": "disability",
    "primary_need_code": "primary_need",
    "categories_of_abuse": "category_of_abuse",
}


def _factors(episode: Object) -> list[str]:
    """Of every assessment that stands, each code once."""
    found: dict[str, None] = {}
    for assessment in live(episode.get("child_and_family_assessments")):
        listed = assessment.get("factors")
        several = listed if isinstance(listed, list) else [listed]
        found |= dict.fromkeys(filter(None, map(text, several)))
    found.pop(_NO_FACTORS, None)
    return list(found)


def _abuse(episode: Object) -> list[str]:
    """Categories of abuse of its protection plans, where the format says them; each once."""
    listed = episode.get("categories_of_abuse")
    several = listed if isinstance(listed, list) else [listed]
    return list(dict.fromkeys(filter(None, map(text, several))))


def _disabilities(child: Child) -> list[str]:
    listed = child.details.get("disabilities")
    several = listed if isinstance(listed, list) else [listed]
    return list(dict.fromkeys(filter(None, map(text, several))))
