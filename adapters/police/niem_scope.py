"""
One NIEM report, its elements sorted once by local name: namespaces change with every release, the
names do not.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from adapters.contract import Site
from adapters.dates import moment
from adapters.names import Faults
from adapters.sites import zone_of
from adapters.xml import local, named, text_of

_DATES = ("DateTime", "Date", "YearMonthDate", "YearDate")


@dataclass(frozen=True, slots=True)
class Scope:
    """A report, and the document that it stands in."""

    root: etree._Element
    document: str  # the local name of the document's own root
    by_name: Mapping[str, Sequence[etree._Element]] = field(repr=False)
    by_id: Mapping[str, etree._Element] = field(repr=False)

    @classmethod
    def of(cls, report: etree._Element, root: etree._Element) -> "Scope":
        by_name: dict[str, list[etree._Element]] = {}
        by_id: dict[str, etree._Element] = {}
        for element in report.iter(etree.Element):
            by_name.setdefault(local(element), []).append(element)
            for key, value in element.attrib.items():
                if str(key).rpartition("}")[2] == "id":
                    by_id.setdefault(str(value), element)
        return cls(report, local(root), by_name, by_id)

    def of_name(self, *names: str) -> Iterator[etree._Element]:
        for name in names:
            yield from self.by_name.get(name, ())

    def first(self, *names: str) -> etree._Element | None:
        return next(self.of_name(*names), None)

    def text(self, *path: str) -> str:
        """The text at the first match of a path of local names, without its line ends."""
        found = self.first(path[0])
        if found is None:
            return ""
        return text_of(found, *path[1:]) if path[1:] else (found.text or "").strip()

    def referred(self, element: etree._Element) -> list[etree._Element]:
        """What an element points to, by any reference in it."""
        return [self.by_id[name] for name in references(element) if name in self.by_id]

    def offences(self, *, against: Collection[str] = ()) -> list[str]:
        """Codes of the offences; with `against`, of those that these victims are tied to."""
        wanted = None
        if against:
            tied = [
                references(each)
                for each in self.of_name("OffenseVictimAssociation", "OffenseVictimReference")
            ]
            wanted = {name for names in tied if set(names) & set(against) for name in names}
        found = []
        for offence in self.of_name("Offense"):
            if wanted is None or set(own_ids(offence)) & wanted:
                found += [(each.text or "").strip() for each in named(offence, "OffenseUCRCode")]
        if wanted is None and not found:
            found = [(each.text or "").strip() for each in self.of_name("OffenseUCRCode")]
        return list(dict.fromkeys(filter(None, found)))

    def happened(self, site: Site, faults: Faults | None = None) -> str:
        """When: the activity's date, else the beginning of its range; `unknown` if it has none."""
        for name in ("ActivityDate", "ActivityDateRange", "IncidentDate"):
            for activity in self.of_name(name):
                written = next(filter(None, (text_of(activity, each) for each in _DATES)), "")
                found = moment(written, zone_of(site)) if written else None
                if written and faults is not None and (found is None or not found.exact):
                    faults.append((name, "bad_date"))
                if found is not None:
                    return found.text
        return "unknown"

    @property
    def reference(self) -> str:
        """The incident's own number; not that of the message around it."""
        for name in ("Incident", "Activity", "ActivityIdentification", "ActivityReference"):
            for element in self.of_name(name):
                nested = name in {"Incident", "Activity"}
                path = ("ActivityIdentification",) if nested else ()
                found = text_of(element, *path, "IdentificationID")
                if found:
                    return found
        return ""


def own_ids(element: etree._Element) -> list[str]:
    return [
        str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == "id"
    ]


def references(element: etree._Element) -> list[str]:
    """Every id that is referred to in an element: `ref` and `uri` alike."""
    found = []
    for each in element.iter(etree.Element):
        for key, value in each.attrib.items():
            if str(key).rpartition("}")[2] in {"ref", "uri"}:
                found.append(str(value).removeprefix("#"))
    return found
