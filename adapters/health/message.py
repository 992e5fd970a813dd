"""
One FHIR document as its resources: those of a Bundle, those inside a Bundle of it, and those
contained in another. STU3, R4 and R5 are laid out alike as far as a concern needs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.contract import ECHO, Site
from adapters.walk import Object, dicts, one, text


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


def message_from(document: Object, native: bytes, site: Site) -> Message:
    """The document with every resource in it found and named."""
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
    return Message(
        document=document,
        held=held,
        by_reference=by_reference,
        by_kind=by_kind,
        native=native,
        site=site,
    )


def _resources(resource: Object, full_url: str) -> Iterator[Held]:
    for name, key in (("entry", "resource"), ("parameter", "resource")):
        for entry in dicts(resource.get(name)):
            inside = entry.get(key)
            if isinstance(inside, dict):
                yield from _resources(inside, text(entry.get("fullUrl")))
    if resource.get("resourceType") != "Bundle":
        yield Held(resource=resource, full_url=full_url)
    for contained in dicts(resource.get("contained")):
        yield Held(resource=contained, container=resource)


def is_echo(resource: Object) -> bool:
    """Whether it bears the broker's own identifier: it came from here (FORMATS.md 2 rule 10)."""
    return any(each.get("system") == ECHO for each in dicts(resource.get("identifier")))


def labels(resources: Sequence[Object]) -> set[str]:
    """The security labels on any of them: one counts for all that is used (7a.13)."""
    return {
        text(label.get("code"))
        for resource in resources
        for meta in dicts(resource.get("meta"))
        for label in dicts(meta.get("security"))
    }
