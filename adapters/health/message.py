"""
One FHIR document as its resources: those of a Bundle, those inside a Bundle of it, and those
contained in another. STU3, R4 and R5 are laid out alike as far as a concern needs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.contract import ECHO, Site
from adapters.health.elements import unread_in
from adapters.walk import Object, dicts, one, text

_MOST_NAMES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A resource where it stands in the document."""

    resource: Object = field(repr=False)
    full_url: str = ""
    container: Object | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        return text(self.resource.get("resourceType"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What arrived: the document, every resource in it, and where it came from."""

    document: Object = field(repr=False)
    held: Sequence[Held] = field(repr=False)
    by_reference: Mapping[str, Held] = field(repr=False)
    by_kind: Mapping[str, Sequence[Held]] = field(repr=False)
    by_person: Mapping[tuple[str, str], Sequence[Held]] = field(repr=False, default_factory=dict)
    native: bytes = field(repr=False)
    site: Site
    form: str = "fhir-r4"
    unread: Mapping[int, Sequence[tuple[str, str]]] = field(repr=False, default_factory=dict)
    beside: Sequence[tuple[str, str]] = field(repr=False, default=())
    """What stood around the document and was not read either."""

    def of_kind(self, kind: str) -> Sequence[Held]:
        return self.by_kind.get(kind, ())

    def resolve(self, reference: Any, at: Held) -> Held | None:
        """The resource that a Reference of `at` names: contained, by fullUrl, or by type and id."""
        wanted = text(one(reference).get("reference"))
        if wanted.startswith("#"):
            around = at.resource if at.container is None else at.container
            return self.by_reference.get(f"{id(around)}{wanted}")
        if wanted in self.by_reference:
            return self.by_reference[wanted]
        steps = wanted.partition("/_history/")[0].split("/")
        return self.by_reference.get("/".join(steps[-2:]))

    def unread_in(self, resources: Iterable[Object]) -> list[tuple[str, str]]:
        """(field, value) of what nobody has mapped in these."""
        found = [each for resource in resources for each in self.unread.get(id(resource), ())]
        return [*self.beside, *found]


def message_from(document: Object, native: bytes, site: Site, form: str = "fhir-r4") -> Message:
    """The document with every resource in it found and named; `form` is what it came in."""
    held = list(_resources(document, ""))
    by_reference: dict[str, Held] = {}
    by_kind: dict[str, list[Held]] = {}
    for each in held:
        by_kind.setdefault(each.kind, []).append(each)
        own = text(each.resource.get("id"))
        inside = each.container is not None
        known = [f"{id(each.container)}#{own}"] if inside else [each.full_url, f"{each.kind}/{own}"]
        for name in known:
            by_reference.setdefault(name, each)
    by_reference.pop("", None)
    unread = {id(each.resource): found for each in held if (found := unread_in(each.resource))}
    return Message(
        document=document,
        held=held,
        by_reference=by_reference,
        by_kind=by_kind,
        native=native,
        site=site,
        form=form,
        unread=unread,
    )


def _resources(resource: Object, full_url: str) -> Iterator[Held]:
    for name in ("entry", "parameter", "part"):
        for entry in dicts(resource.get(name)):
            inside = entry.get("resource")
            if isinstance(inside, dict):
                yield from _resources(inside, text(entry.get("fullUrl")))
            elif name != "entry" and "part" in entry:
                yield from _resources({"resourceType": "Bundle", "part": entry["part"]}, "")
    if resource.get("resourceType") != "Bundle":
        yield Held(resource=resource, full_url=full_url)
    for contained in dicts(resource.get("contained")):
        yield Held(resource=contained, container=resource)


def names_of(unread: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The fields, each once, without their values."""
    return tuple(dict.fromkeys(name for name, _ in unread))[:_MOST_NAMES]


def is_echo(resource: Object) -> bool:
    """Whether it bears the broker's own identifier: it came from here (FORMATS.md 2 rule 10)."""
    if one(resource.get("meta")).get("source") == ECHO:
        return True
    return any(each.get("system") == ECHO for each in dicts(resource.get("identifier")))


def labels(resources: Sequence[Object]) -> set[str]:
    """
    The security labels on any of them: one counts for all that is used (7a.13). Documents bear
    theirs in elements of their own.
    """
    found = {
        text(label.get("code"))
        for resource in resources
        for meta in dicts(resource.get("meta"))
        for label in dicts(meta.get("security"))
    }
    for resource in resources:
        if isinstance(resource.get("confidentiality"), str):
            found.add(resource["confidentiality"])
        for label in dicts(resource.get("securityLabel")):
            found |= {text(code.get("code")) for code in dicts(label.get("coding"))}
    return found
