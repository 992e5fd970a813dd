"""
DSSE envelopes (secure-systems-lab/dsse, protocol 1.0.2): a body, what kind of thing it is, and any
number of signatures over both. Ed25519 by whoever signs and checks; no key is held here.

An envelope has one spelling: what is not written exactly as `written` writes it is not read. So no
byte of a file can be changed without its being noticed, not even one that means nothing.
"""

import base64
import binascii
from dataclasses import dataclass, field

from broker import strictjson
from broker.domain.notification import Json
from broker.encoding import canonical_json
from broker.errors import Malformed

MOST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """`keyid` is only a hint whose it is (DSSE): who checks looks the key up and tries it."""

    keyid: str = ""
    sig: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    kind: str  # "payloadType"
    body: bytes = field(repr=False)
    signatures: tuple[Signature, ...] = ()

    def signed_bytes(self) -> bytes:
        return pae(self.kind, self.body)


def pae(kind: str, body: bytes) -> bytes:
    """What is signed: `DSSEv1 <length> <kind> <length> <body>`, lengths in bytes."""
    named = kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(named), named, len(body), body)


def written(envelope: Envelope) -> bytes:
    """The same envelope always in the same bytes."""
    signatures: list[Json] = [_signature(each) for each in envelope.signatures]
    told: dict[str, Json] = {
        "payload": base64.b64encode(envelope.body).decode(),
        "payloadType": envelope.kind,
        "signatures": signatures,
    }
    return canonical_json(told) + b"\n"


def _signature(each: Signature) -> dict[str, Json]:
    sig: dict[str, Json] = {"sig": base64.b64encode(each.sig).decode()}
    return {**sig, "keyid": each.keyid} if each.keyid else sig


def read_envelope(raw: bytes) -> Envelope:
    """Raises Malformed. Says nothing about who signed: nobody has been looked up yet."""
    told = strictjson.read(raw, most_bytes=MOST_BYTES)
    if not isinstance(told, dict):
        raise Malformed("not_this_format", "no DSSE envelope")
    try:
        envelope = Envelope(
            kind=str(told["payloadType"]),
            body=_bytes(told["payload"]),
            signatures=tuple(_read_signature(each) for each in _listed(told["signatures"])),
        )
    except (KeyError, TypeError, binascii.Error) as error:
        raise Malformed("not_this_format", f"no DSSE envelope: {type(error).__name__}") from None
    if written(envelope) != raw:
        raise Malformed("not_this_format", "not as this envelope is written")
    return envelope


def _read_signature(told: Json) -> Signature:
    if not isinstance(told, dict):
        raise TypeError("no signature")
    return Signature(keyid=str(told.get("keyid", "")), sig=_bytes(told["sig"]))


def _listed(told: Json) -> list[Json]:
    if not isinstance(told, list):
        raise TypeError("no list")
    return told


def _bytes(told: Json) -> bytes:
    if not isinstance(told, str):
        raise TypeError("no text")
    return base64.b64decode(told, validate=True)
