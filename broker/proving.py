"""
Proving a disclosure offline: whoever holds one can check it without the broker and the network.

    1. the cover is signed by the broker
    2. the cover names exactly the token that is held
    3. the token is signed by the publisher, and what is held is a true part of it
    4. every claim held is one that the cover lets this role have
    5. the leaf binds the decision that the cover names, under the same policy version
    6. the leaf stands in the ledger, under a head that the ledger signed

Of a pointer there is no token and no decision: 1, 2, 5 and 6 hold, and it says nothing else.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from broker import sdjwt
from broker.domain.ids import OrganisationId
from broker.domain.notification import Json
from broker.domain.pointer import NO_POLICY, POINTER
from broker.domain.words import Category, Extent
from broker.errors import Malformed, NotGenuine
from broker.jws import COVER, read_jws
from broker.keys import BROKER, PublicKeys
from broker.ledger.checkpoint import LedgerKey, place_in_log
from broker.schemas import CLAIM_NAMES

RECALL = "recall.issued"
"""The type of a cover that takes back an earlier disclosure."""

FORMAT = "concern-broker/evidence/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What has been shown, each line a plain sentence."""

    sentences: tuple[str, ...]
    place: int | None  # in the ledger; None: its proof has not been handed out yet


def opened(content: bytes) -> tuple[str, str]:
    """(cover, token) of what a recipient unsealed."""
    cover, _, token = content.decode("ascii").partition("\n")
    return cover, token


def check(
    evidence: Json,
    *,
    public: PublicKeys,
    ledger: LedgerKey,
) -> Proven:
    """Raises NotGenuine or Malformed with the reason. No network, no database, no private key."""
    text = _members(evidence)
    cover, key = read_jws(text["cover"], typ=COVER, key_of=public.signing_key)  # 1
    if key.organisation != BROKER:
        raise NotGenuine("cover_not_by_the_broker", key.organisation)
    for name in ("disclosure", "organisation"):
        said = cover["recipient"] if name == "organisation" else cover
        if not isinstance(said, dict) or said.get(name) != text[name]:
            raise NotGenuine("evidence_differs_from_cover", name)
    if hashlib.sha256(text["token"].encode()).hexdigest() != cover.get("token_sha256"):  # 2
        raise NotGenuine("token_differs_from_cover")
    told = datetime.fromisoformat(str(cover["issued"]))  # keys must have counted then
    if cover.get("type") == POINTER:
        return _placed(text, cover, _pointed(text["token"], cover), ledger)
    token = sdjwt.read(text["token"], key_of=public.signing_key, names=CLAIM_NAMES, now=told)  # 3
    if token.plain.get("jti") != cover.get("notification"):
        raise NotGenuine("token_differs_from_cover", "notification")
    extents = _extents(cover)
    _check_extents(token, extents)  # 4
    return _placed(text, cover, _sentences(token, cover, extents), ledger)


def _placed(
    text: Mapping[str, str],
    cover: Mapping[str, Json],
    sentences: tuple[str, ...],
    ledger: LedgerKey,
) -> Proven:
    if not text["leaf"]:
        return Proven(sentences=sentences, place=None)
    leaf = _leaf(text["leaf"], cover)  # 5
    place, head = place_in_log(text["proof"], leaf, ledger)  # 6
    stands = (
        f"The decision is entry {place} of the ledger {head.origin}, shown under its signed head "
        f"of {head.size} entries with root {base64.b64encode(head.root).decode()}."
    )
    return Proven(sentences=(*sentences, stands), place=place)


def _pointed(token: str, cover: Mapping[str, Json]) -> tuple[str, ...]:
    """A pointer that told anything would not be one."""
    if token or set(_extents(cover).values()) != {Extent.NOTHING}:
        raise NotGenuine("claim_beyond_extent", "pointer")
    recipient = cast("Mapping[str, str]", cover["recipient"])
    return (
        f"The broker told {recipient['organisation']} in the role {recipient['role']} that a "
        "service is involved, and nothing else: policies could not be evaluated.",
    )


def _members(evidence: Json) -> dict[str, str]:
    if not isinstance(evidence, dict) or evidence.get("format") != FORMAT:
        raise Malformed("not_this_format", f"format is not {FORMAT}")
    members = ("organisation", "disclosure", "token", "cover", "leaf", "proof")
    unknown = set(evidence) - {*members, "format"}
    if unknown:
        raise Malformed("not_this_format", f"unknown members: {', '.join(sorted(unknown))}")
    found: dict[str, str] = {}
    for name in members:
        value = evidence.get(name)
        if value is None and name in {"leaf", "proof"}:
            value = ""
        if not isinstance(value, str):
            raise Malformed("not_this_format", name)
        found[name] = value
    if bool(found["leaf"]) != bool(found["proof"]):
        raise Malformed("not_this_format", "leaf and proof belong together")
    return found


def _extents(cover: Mapping[str, Json]) -> dict[Category, Extent]:
    try:
        written = cast("Mapping[str, str]", cover["extents"])
        extents = {Category(name): Extent(extent) for name, extent in written.items()}
    except (KeyError, ValueError, AttributeError):
        raise Malformed("not_this_format", "extents") from None
    if set(extents) != set(Category):
        raise Malformed("not_this_format", "extents of every category")
    return extents


def _check_extents(token: sdjwt.Token, extents: Mapping[Category, Extent]) -> None:
    needed = {"summary": Extent.SUMMARY, "full": Extent.FULL}
    for name in token.claims:
        category, _, part = name.partition(".")
        if part not in needed or extents[Category(category)] < needed[part]:
            raise NotGenuine("claim_beyond_extent", name)


def _leaf(encoded: str, cover: Mapping[str, Json]) -> bytes:
    try:
        leaf = base64.b64decode(encoded, validate=True)
        entry = json.loads(leaf)
    except (binascii.Error, ValueError):
        raise Malformed("not_this_format", "leaf") from None
    if base64.b64encode(leaf).decode() != encoded or not isinstance(entry, dict):
        raise Malformed("not_this_format", "leaf")
    same = (
        entry.get("commit") == cover.get("leaf_commit")
        and entry.get("policy") == (cover.get("policy") or NO_POLICY)
        and entry.get("references")
        == [each for each in (cover.get("notification"), cover.get("decision")) if each]
    )
    if not same:
        raise NotGenuine("leaf_differs_from_cover")
    return leaf


def _sentences(
    token: sdjwt.Token, cover: Mapping[str, Json], extents: Mapping[Category, Extent]
) -> tuple[str, ...]:
    """The same words whether or not a withheld category existed: only the role's extents speak."""
    recipient = cast("Mapping[str, str]", cover["recipient"])
    if cover.get("type") == RECALL:
        return (
            f"The broker recalls disclosure {cover['recalls']}, addressed to "
            f"{recipient['organisation']} in the role {recipient['role']}: use it no longer.",
        )
    given = ", ".join(f"{category.value} {extent.value}" for category, extent in extents.items())
    return (
        f"The concern was signed by {token.organisation} with key {token.kid}, issued "
        f"{token.issued.isoformat()}; what is held here is a true part of it.",
        f"It was addressed to {recipient['organisation']} in the role {recipient['role']}, at the "
        f"level {cover['level']}.",
        f"Under policy version {cover['policy']} that role was given, whether or not there was "
        f"any: {given}.",
    )


def ledger_key(public: PublicKeys, name: str) -> LedgerKey:
    """The ledger's key, from the partnership's public file. Raises NotGenuine if there is none."""
    for key in public.ledger:
        return LedgerKey(name=name, public=key.public, checks=key.checks)
    raise NotGenuine("unknown_ledger", name)


def evidence_from(
    organisation: OrganisationId, disclosure: str, cover: str, token: str
) -> dict[str, Json]:
    """What a recipient keeps, until the ledger hands out the proof."""
    return {
        "format": FORMAT,
        "organisation": organisation,
        "disclosure": disclosure,
        "cover": cover,
        "token": token,
        "leaf": None,
        "proof": None,
    }
