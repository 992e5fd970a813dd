"""Every format of every agency, by name. No scanning: a new one is a line here and one file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters import consent
from adapters.childrens_services import annex_a, cin, contact, csc
from adapters.childrens_services.workbook import is_zip
from adapters.contract import Item, Pointer, Read, Site, Told, Write
from adapters.health import disclosed, fhir, mns
from adapters.health.hl7v2 import outward as mdm
from adapters.health.hl7v2 import reader as hl7v2
from adapters.health.hl7v2.syntax import is_hl7v2
from adapters.police import information, niem, notices, pole
from adapters.schools import ctf, edfi, safeguarding, sheet
from broker.domain.words import Agency
from broker.errors import Misconfigured

_MAPPED = frozenset({"profile", "columns", "identity_of_row", "plain", "routing", "categories"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """
    One format of one agency: what reads it, the profile of a site that says no other, and, where
    that agency's systems can be given it, what writes it and reads back what was written.
    """

    read: Read
    profile: str  # a file of adapters/<agency>/profiles
    needs: frozenset[str] = frozenset()  # what a profile for it cannot do without
    write: Write | None = None
    told: Told | None = None
    suffix: str = ""  # of a file of it, ".json"
    pointers: Callable[[bytes], Sequence[Pointer]] | None = None  # what of it must be fetched
    fetched: Callable[[Pointer, bytes, Site], Sequence[Item]] | None = None
    looks: Callable[[bytes], bool] | None = None  # the agency's first needs none

    def check(self, profile: Mapping[str, Any]) -> None:
        """Raises Misconfigured, naming what a profile for this format lacks."""
        missing = sorted(self.needs - set(profile))
        if missing:
            raise Misconfigured("profile_lacks", ", ".join(missing))


def _is_xml(native: bytes) -> bool:
    """Whether bytes begin as XML does, a byte order mark and UTF-16 aside."""
    return native.lstrip(b"\xef\xbb\xbf \t\r\n\xff\xfe").startswith((b"<", b"\x00<"))


def _is_json(native: bytes) -> bool:
    return native.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


def _consent(profile: str) -> Format:
    """Wishes about sharing: the same format for every agency, from its own systems."""
    return Format(read=consent.read, profile=profile, looks=consent.looks)


ADAPTERS: dict[Agency, dict[str, Format]] = {
    Agency.HEALTH: {
        "fhir-r4": Format(
            read=fhir.read,
            profile="hospital",
            write=disclosed.write,
            told=disclosed.told,
            suffix=".json",
        ),
        "consent-json": _consent("hospital-consent"),
        "mns": Format(
            read=mns.read,
            profile="hospital-mns",
            looks=mns.is_mns,
            pointers=mns.pointers,
            fetched=mns.fetched,
        ),
        "hl7v2": Format(
            read=hl7v2.read,
            profile="hospital-hl7v2",
            write=mdm.write,
            told=mdm.told,
            suffix=".hl7",
            looks=is_hl7v2,
        ),
    },
    Agency.POLICE: {
        "csv-profile": Format(read=notices.read, profile="police-ppn", needs=_MAPPED),
        "consent-json": _consent("force-consent"),
        "niem-xml": Format(read=niem.read, profile="force", looks=_is_xml),
        "police-json": Format(
            read=pole.read,
            profile="force-pole",
            write=information.write,
            told=information.told,
            suffix=".json",
            looks=_is_json,
        ),
    },
    Agency.SCHOOLS: {
        "csv-profile": Format(
            read=safeguarding.read,
            profile="school-safeguarding",
            needs=_MAPPED,
            write=sheet.write,
            told=sheet.told,
            suffix=".csv",
        ),
        "consent-json": _consent("school-consent"),
        "edfi-xml": Format(read=edfi.read, profile="district", looks=edfi.is_edfi),
        "ctf-xml": Format(read=ctf.read, profile="school-ctf", looks=_is_xml),
    },
    Agency.CHILDRENS_SERVICES: {
        "csc-json": Format(
            read=csc.read,
            profile="council",
            write=contact.write,
            told=contact.told,
            suffix=".json",
        ),
        "consent-json": _consent("council-consent"),
        "cin-xml": Format(read=cin.read, profile="council-cin", looks=_is_xml),
        "annex-a-xlsx": Format(read=annex_a.read, profile="council-annex-a", looks=is_zip),
    },
}


def format_named(agency: Agency, name: str) -> Format:
    """Raises Misconfigured, naming the formats that there are."""
    found = ADAPTERS[agency].get(name)
    if found is None:
        raise Misconfigured("no_such_format", f"{name}: {', '.join(ADAPTERS[agency])}")
    return found


def format_of(agency: Agency, native: bytes) -> str:
    """The format that bytes look like, never a file's name; the agency's first if they do not."""
    formats = ADAPTERS[agency]
    known = (
        name for name, each in formats.items() if each.looks is not None and each.looks(native)
    )
    return next(known, next(iter(formats)))
