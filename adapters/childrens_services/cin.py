"""
The children in need census as XML, which every council can export: each episode of need as a
concern, its enquiries and plans as case facts (DfE, CIN census specification).

Elements newer than the schema and stray text cost nothing. An unknown code quarantines the episode
and names the code: the format is statutory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from lxml import etree

from adapters.childrens_services.record import items_of
from adapters.codes import table
from adapters.contract import ECHO, Item, Nothing, Quarantined, Site
from adapters.natives import content_version
from adapters.xml import local, named, parsed, text_of
from broker.errors import Malformed

_MOST_CHILDREN = 20_000
_COLLECTION = "CIN"
_KNOWN = frozenset({
    "ChildIdentifiers", "LAchildID", "UPN", "FormerUPN", "UPNunknown", "PersonBirthDate",
    "ExpectedPersonBirthDate", "GenderCurrent", "Sex", "PersonDeathDate", "ChildCharacteristics",
    "Ethnicity", "Disabilities", "Disability", "UnaccompaniedAsylumSeekingChild", "UASC",
    "CINdetails", "CINreferralDate", "ReferralSource", "PrimaryNeedCode", "CINclosureDate",
    "ReasonForClosure", "DateOfInitialCPC", "ReferralNFA", "Assessments",
    "AssessmentActualStartDate", "AssessmentInternalReviewDate", "AssessmentAuthorisationDate",
    "FactorsIdentifiedAtAssessment", "AssessmentFactors", "CINPlanDates", "CINPlanStartDate",
    "CINPlanEndDate", "Section47", "S47ActualStartDate", "InitialCPCtarget", "ICPCnotRequired",
    "ChildProtectionPlans", "CPPstartDate", "CPPendDate", "InitialCategoryOfAbuse",
    "LatestCategoryOfAbuse", "NumberOfPreviousCPP", "Reviews", "CPPreviewDate",
    "PreProceedingsandFGDM",
})  # fmt: skip
_NOT_LOOKED_INTO = frozenset({"PreProceedingsandFGDM"})


def read(native: bytes, site: Site) -> Sequence[Item]:
    """Every child, every episode: one Item each at least."""
    try:
        root = parsed(native)
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    collection = text_of(root, "CollectionDetails", "Collection").upper()
    if local(root) != "Message" or collection != _COLLECTION:
        detail = f"root {local(root)[:40]}, collection {collection[:20] or 'not named'}"
        return [Quarantined(reason="not_this_format", detail=detail)]
    if ECHO.encode() in native:
        return [Nothing(reason="echo")]
    children = list(named(root, "Child"))
    if len(children) > _MOST_CHILDREN:
        return [Quarantined(reason="too_large", detail="Child")]
    items = [item for child in children for item in _child(child, native, site)]
    return items or [Nothing(reason="no_children")]


def _child(child: etree._Element, native: bytes, site: Site) -> Iterator[Item]:
    unknown = _unknown(child)
    unseen = tuple(sorted({name[:80] for name, _ in unknown}))
    for item in items_of(_record(child), native, site, "cin-xml", unread=unknown):
        yield replace(item, unseen=unseen) if unseen else item


def _unknown(child: etree._Element) -> list[tuple[str, str]]:
    """Elements that no schema of ours has, with what they hold."""
    found = []
    for element in child.iterdescendants(etree.Element):
        holder = element.getparent()
        outer = local(holder) if holder is not None else ""
        if local(element) not in _KNOWN and outer not in _NOT_LOOKED_INTO:
            text = " ".join(str(part).strip() for part in element.itertext() if str(part).strip())
            found.append((local(element), text))
    return found


def _record(child: etree._Element) -> dict[str, Any]:
    """The census' words in the shape of the CSC API's child."""
    key = text_of(child, "LAchildID")
    return {
        "la_child_id": key,
        "child_details": {
            "unique_pupil_number": text_of(child, "UPN"),
            "former_unique_pupil_number": text_of(child, "FormerUPN"),
            "date_of_birth": text_of(child, "PersonBirthDate"),
            "expected_date_of_birth": text_of(child, "ExpectedPersonBirthDate"),
            "sex": _sex(child),
            "disabilities": _texts(child, "Disability"),
        },
        "social_care_episodes": [_episode(each, key) for each in named(child, "CINdetails")],
    }


def _sex(child: etree._Element) -> str:
    """`Sex` since 2024, `GenderCurrent` before; 1 and 2, or letters."""
    code = (text_of(child, "Sex") or text_of(child, "GenderCurrent")).upper()
    known = {**table("sex")["dfe-before-2024"]["map"], **table("sex")["dfe-2024-on"]["map"]}
    return str(known.get(code, "U"))


def _episode(details: etree._Element, key: str) -> dict[str, Any]:
    """An episode is known by its child and its referral date: the census numbers none."""
    referred = text_of(details, "CINreferralDate")
    own = referred or content_version(etree.tostring(details).hex())
    reference = f"{key}/{own}"
    plans = list(named(details, "ChildProtectionPlans"))
    return {
        "social_care_episode_id": reference,
        "referral_date": referred,
        "referral_source": text_of(details, "ReferralSource"),
        "primary_need_code": text_of(details, "PrimaryNeedCode"),
        "referral_no_further_action_flag": text_of(details, "ReferralNFA").casefold(),
        "closure_date": text_of(details, "CINclosureDate"),
        "closure_reason": text_of(details, "ReasonForClosure"),
        "child_and_family_assessments": [{"factors": _texts(details, "AssessmentFactors")}],
        "categories_of_abuse": [category for each in plans for category in _category(each)],
        "section_47_assessments": [
            _case(each, f"{reference}/s47", "S47ActualStartDate", "DateOfInitialCPC")
            for each in named(details, "Section47")
        ],
        "child_protection_plans": [
            _case(each, f"{reference}/cpp", "CPPstartDate", "CPPendDate") for each in plans
        ],
        "child_in_need_plans": [
            _case(each, f"{reference}/cin", "CINPlanStartDate", "CINPlanEndDate")
            for each in named(details, "CINPlanDates")
        ],
    }


_IDS = {
    "s47": "section_47_assessment_id",
    "cpp": "child_protection_plan_id",
    "cin": "child_in_need_plan_id",
}


def _case(element: etree._Element, reference: str, starts: str, ends: str) -> dict[str, str]:
    since = text_of(element, starts)
    own = _IDS[reference.rpartition("/")[2]]
    return {
        own: f"{reference}/{since}",
        "start_date": since,
        "end_date": text_of(element, ends),
    }


def _category(plan: etree._Element) -> list[str]:
    """The latest category, else the first: a plan that began as neglect may have become another."""
    found = text_of(plan, "LatestCategoryOfAbuse") or text_of(plan, "InitialCategoryOfAbuse")
    return [found] if found else []


def _texts(element: etree._Element, name: str) -> list[str]:
    found = ((each.text or "").strip() for each in named(element, name))
    return list(dict.fromkeys(filter(None, found)))
