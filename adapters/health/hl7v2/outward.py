"""
A disclosure as an HL7 v2.4 document, MDM^T02, for the recipient's safeguarding mailbox; what
withdraws an earlier one is MDM^T11 (FORMATS.md 3, "Out").

One OBX a part; the words have one of their own. Parents may read a chart by proxy: the site decides
where it files this, and the document says `R`, restricted (TXA-18).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from adapters.contract import Disclosed, Site
from adapters.health.hl7v2.reader import OURS
from adapters.health.hl7v2.syntax import escaped, message_from, pieces_of
from adapters.outward import WORDS, lines_of, value_from
from broker.errors import Malformed

_MOST_CONTROL = 20  # MSH-10 before version 2.7
_TYPE = "SAFEINFO^Safeguarding information^L"
_IS_NULL = '""'  # in a field of its own it would delete the value
_SYSTEMS = {"nhs_number": "NHS^NH"}


def write(disclosed: Disclosed, site: Site) -> bytes:
    """The document, its segments ended by CR, in UTF-8."""
    withdrawn = disclosed.cover.get("type") in {"concern.retracted", "recall.issued"}
    event = "T11" if withdrawn else "T02"
    when = site.received.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
    control = escaped(disclosed.disclosure[:_MOST_CONTROL])
    to = escaped(str(site.organisation).rpartition(":")[2])
    lines = [
        f"MSH|^~\\&|{OURS}|{OURS}||{to}|{when}||MDM^{event}|{control}|P|2.4|||||GBR|UNICODE UTF-8",
        f"EVN|{event}|{when}",
        _pid(disclosed.claims),
        "PV1|1|N",
        _txa(disclosed, when),
        *_results(disclosed),
    ]
    return ("\r".join(lines) + "\r").encode()


def told(native: bytes) -> Disclosed:
    """What `write` was given. Raises Malformed."""
    pieces = pieces_of(native).messages
    message = message_from(pieces[0]) if len(pieces) == 1 else None
    txa = next(message.of("TXA"), None) if message is not None else None
    if message is None or txa is None or message.header.text(3) != OURS:
        raise Malformed("not_this_format", f"MDM of {OURS}")
    parts: dict[str, dict[str, Any]] = {}
    for obx in message.of("OBX"):
        part, written = parts.setdefault(obx.text(3), {}), obx.words(5)
        part |= {WORDS: written} if obx.text(4) == WORDS else value_from(written)
    cover, plain = parts.pop("cover", {}), parts.pop("plain", {})
    return Disclosed(disclosure=txa.words(12), cover=cover, plain=plain, claims=parts)


def _txa(disclosed: Disclosed, when: str) -> str:
    thread = escaped(str(disclosed.plain.get("thread", "")))
    fields = {2: _TYPE, 3: "TX", 4: when, 12: escaped(disclosed.disclosure), 13: thread}
    fields |= {17: "AU", 18: "R", 19: "AV"}
    return "TXA|1|" + "|".join(fields.get(number, "") for number in range(2, 20))


def _results(disclosed: Disclosed) -> Iterator[str]:
    parts = {"plain": disclosed.plain, **disclosed.claims, "cover": disclosed.cover}
    number = 0
    for name, part in parts.items():
        words = part.get(WORDS)
        apart = isinstance(words, str) and bool(words)
        kept = {key: value for key, value in part.items() if not (apart and key == WORDS)}
        texts = [("", lines_of(kept))] + ([(WORDS, str(words))] if apart else [])
        for under, text in texts:
            number += 1
            value = escaped(text) if text != _IS_NULL else f"\\X22\\{text[1:]}"
            yield f"OBX|{number}|TX|{name}^{name.replace('.', ', ')}^L|{under}|{value}||||||F"


def _pid(claims: Mapping[str, Mapping[str, Any]]) -> str:
    """Only what was told of the identity: without it there is no patient to file under."""
    summary = claims.get("identity.summary", {})
    numbers = claims.get("identity.full", {}).get("identifiers", [])
    known = [
        f"{escaped(each['value'])}^^^{_SYSTEMS[each['system']]}"
        for each in numbers
        if each["system"] in _SYSTEMS and each["assurance"] != "invalid"
    ]
    name = "^".join(escaped(str(summary.get(each, ""))) for each in ("family_name", "given_name"))
    born = str(summary.get("birth_date", "")).replace("-", "")
    sex = summary.get("sex", "")
    return f"PID|1||{'~'.join(known)}||{name.strip('^') and name}||{born}|{sex}"
