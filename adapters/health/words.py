"""The words of a FHIR resource, as they were written (FORMATS.md 3, 7a.12)."""

import re
from html import unescape

from adapters.names import Faults
from adapters.walk import Object, dicts, one

_ENDS_LINE = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6"})
_NOT_TEXT = (("<!--", "-->"), ("<script", "</script>"), ("<style", "</style>"))
# Possessive and bounded by the next `<`: linear for any text. The standard library's parser takes
# 3 s for 24 kB of `<a <a <a` (measured, 3.11.7).
_TAG = re.compile(
    r"""<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9]*+)(?:[^<>"']|"[^"<]*+"|'[^'<]*+')*+>"""
)
_SHORT = 200  # what `native_codes` holds


def words_of(resource: Object, faults: Faults) -> str:
    """
    Notes, payloads and text values in their order, a blank line between two; marked-up text only
    if there is nothing else. A reason written without a code is words too, if it is long.
    """
    written = [each.get("text") for each in dicts(resource.get("note"))]
    for payload in dicts(resource.get("payload")):
        written.append(payload.get("contentString"))
        if dicts(payload.get("contentAttachment")):
            faults.append(("payload.contentAttachment", "unreadable"))
    written += [resource.get("comment"), resource.get("valueString"), resource.get("description")]
    written += [each.get("valueString") for each in dicts(resource.get("component"))]
    written += [each for each in uncoded(resource) if len(each) > _SHORT]
    notes = [note for note in written if isinstance(note, str) and note.strip()]
    if notes:
        return "\n\n".join(notes)
    marked_up = one(resource.get("text")).get("div")
    return without_markup(marked_up) if isinstance(marked_up, str) else ""


def uncoded(resource: Object) -> list[str]:
    """What was written where a code belongs, without one."""
    return [
        concept["text"]
        for name in ("code", "reasonCode", "category", "valueCodeableConcept")
        for concept in dicts(resource.get(name))
        if isinstance(concept.get("text"), str)
        and concept["text"].strip()
        and not dicts(concept.get("coding"))
    ]


def without_markup(marked_up: str) -> str:
    """XHTML as text: no mark-up, its line breaks kept, no blank lines at either end."""
    bare = marked_up
    for begins, ends in _NOT_TEXT:
        bare = _cut_out(bare, begins, ends)
    return unescape(_TAG.sub(_line_end, bare)).strip()


def _cut_out(text: str, begins: str, ends: str) -> str:
    """All from each beginning to its end; what never ends is left as it stands."""
    kept, at = [], 0
    while (start := text.find(begins, at)) >= 0 and (end := text.find(ends, start)) >= 0:
        kept.append(text[at:start])
        at = end + len(ends)
    return "".join([*kept, text[at:]])


def _line_end(tag: re.Match[str]) -> str:
    ends = tag["name"].casefold() in _ENDS_LINE and (tag["close"] or tag["name"] == "br")
    return "\n" if ends else ""
