"""
NIEM XML, 2.0, 3.0 and later alike, by local name: an incident with a mapped offence and a child
victim, or a juvenile intake or referral. A question, a response that found nobody, a warrant, an
incident without a child victim: nothing (FORMATS.md 4).
"""

from collections.abc import Iterator, Sequence

from lxml import etree

from adapters.codes import table
from adapters.contract import ECHO, Item, Nothing, Quarantined, Site
from adapters.police.niem_concern import Said, concern, placement, retraction
from adapters.police.niem_people import people_in
from adapters.police.niem_scope import Scope
from adapters.xml import local, parsed
from broker.errors import Malformed

_ASKING = ("Query", "Request", "Subscription", "Search")
_DELETED = frozenset({"D", "Delete", "DELETE"})
_MOST_REPORTS = 2000
_CONCERNS = ("JuvenileIntake", "JuvenileReferral")
_CASES = {"JuvenilePlacement": "looked_after", "JuvenileCasePlan": "child_in_need"}
_INTELLIGENCE = "/domains/intelligence"


def read(native: bytes, site: Site) -> Sequence[Item]:
    """One Item for each child victim of each report, or one that says why there is none."""
    try:
        root = parsed(native)
    except Malformed as why:
        return [Quarantined(reason=why.reason, detail=why.detail)]
    name = local(root)
    if any(each in name for each in _ASKING):
        return [Nothing(reason="query")]
    if ECHO.encode() in native:
        return [Nothing(reason="echo")]
    reports = [each for each in root if local(each) == "Report"] if name == "Submission" else [root]
    if len(reports) > _MOST_REPORTS:
        return [Quarantined(reason="too_large", detail="reports")]
    items = [item for each in reports for item in _report(Scope.of(each, root), native, site)]
    return items or [Nothing(reason="no_report")]


def _report(scope: Scope, native: bytes, site: Site) -> Iterator[Item]:
    if _INTELLIGENCE in str(scope.root.tag) or any(map(_is_intelligence, scope.root)):
        yield Quarantined(reason="needs_person", detail="intelligence")
    elif scope.text("JuvenileInformationAvailabilityCode") == "NOT FOUND":
        yield Nothing(reason="not_found")
    elif "Juvenile" in scope.document and scope.first(*_CONCERNS, *_CASES) is not None:
        yield from _juvenile(scope, native, site)
    else:
        yield from _victims(scope, native, site)


def _is_intelligence(element: etree._Element) -> bool:
    return _INTELLIGENCE in str(element.tag)


def _juvenile(scope: Scope, native: bytes, site: Site) -> Iterator[Item]:
    """The document says that it is about a child, whatever else it leaves out."""
    children = people_in(scope, "Child", "Juvenile")
    if not children:
        yield Quarantined(reason="no_subject", detail="Child")
    for child in children:
        said = Said(scope=scope, child=child, native=native, site=site)
        if scope.first(*_CONCERNS) is not None:
            yield _told(said)
        for name, status in _CASES.items():
            record = scope.first(name)
            if record is not None:
                yield placement(said, record, status)


def _victims(scope: Scope, native: bytes, site: Site) -> Iterator[Item]:
    offences = scope.offences()
    if not offences:
        yield Nothing(reason="no_offence")
        return
    victims = people_in(scope, "Victim")
    happened = scope.happened(site)
    day = happened if happened != "unknown" else site.received.date().isoformat()
    children = [each for each in victims if each.is_child(day)]
    if not children:
        yield Nothing(reason="no_child_victim")
    for child in children:
        suffered = scope.offences(against=child.roles) or offences
        rows = [row for code in suffered if (row := table("ucr_offences").get(code)) is not None]
        if not rows:
            yield Quarantined(reason="unknown_code", detail="OffenseUCRCode")
        else:
            yield _told(
                Said(scope=scope, child=child, rows=rows, codes=suffered, native=native, site=site)
            )


def _told(said: Said) -> Item:
    action = said.scope.text("ReportActionCategoryCode") or said.scope.text(
        "DataItemPublishInstruction"
    )
    return retraction(said) if action in _DELETED else concern(said)
