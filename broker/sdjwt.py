"""
The signed token: issue, read, and keep some of its claims (RFC 9901, flat subset, Ed25519).

RFC 9901 calls a token's salted pieces "Disclosures"; here they are *claims*, because disclosure has
its own meaning. Every token carries the same number of digests: decoys stand in for what is absent,
so nobody can count what was withheld (RFC 9901 sections 4.2.5 and 10.4).
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from broker import strictjson
from broker.domain.directory_keys import KeyOf, SigningKey
from broker.domain.ids import KeyId, OrganisationId
from broker.domain.notification import Json
from broker.encoding import base64url, from_base64url, json_bytes
from broker.errors import Malformed, NotGenuine

TYPE = "concern+sd-jwt"
DIGESTS = 64
MOST_BYTES = 512 * 1024
SALT_BYTES = 16  # RFC 9901 section 9.3
AHEAD = timedelta(minutes=5)
LATE = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token that has been read: its signature held, its claims are its own."""

    kid: KeyId
    organisation: OrganisationId
    plain: Mapping[str, Json] = field(repr=False)
    claims: Mapping[str, Json] = field(repr=False)
    text: str = field(repr=False)
    issued: datetime
    late: bool

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.text.encode()).digest()


def issue(
    plain: Mapping[str, Json],
    claims: Mapping[str, Json],
    *,
    kid: KeyId,
    sign: Callable[[bytes], bytes],
    salt: Callable[[], bytes],
) -> str:
    """
    A token with `plain` readable by everybody and each of `claims` disclosable on its own.

    `salt` gives 16 fresh random bytes. Raises ValueError if there are more claims than digests.
    """
    if len(claims) > DIGESTS:
        raise ValueError(f"{len(claims)} claims, at most {DIGESTS}")
    pieces = [
        base64url(json_bytes([base64url(salt()), name, value])) for name, value in claims.items()
    ]
    decoys = [base64url(hashlib.sha256(salt()).digest()) for _ in range(DIGESTS - len(pieces))]
    payload = {**plain, "_sd_alg": "sha-256", "_sd": sorted([*map(_digest, pieces), *decoys])}
    header = {"alg": "Ed25519", "typ": TYPE, "kid": kid}
    signed = f"{base64url(json_bytes(header))}.{base64url(json_bytes(payload))}"
    signature = base64url(sign(signed.encode()))
    return "~".join([f"{signed}.{signature}", *pieces, ""])


def read(token: bytes | str, *, key_of: KeyOf, names: Collection[str], now: datetime) -> Token:
    """
    The token's content, or the reason why it is not believed.

    `names` are the claims that the schema knows. Raises Malformed or NotGenuine (SECURITY.md 2.3).
    """
    text, parts = _taken_apart(token)  # 1
    signed, signature = parts[0].rsplit(".", 1)
    kid = _header(signed)  # 2
    key = key_of(kid)  # 3: never from the token
    if not key.verify(from_base64url(signature), signed.encode()):  # 4: over the received bytes
        raise NotGenuine("bad_signature", kid)
    plain = strictjson.read(
        from_base64url(signed.split(".", 1)[1])
    )  # parsed only now that it is covered
    if not isinstance(plain, dict):
        raise Malformed("not_this_format", "payload is no object")
    digests = _digests(plain)  # 5
    claims = _claims(parts[1:], digests, names)  # 6
    issued, late = _issued(plain, key, now)  # 7
    if plain.get("iss") != key.organisation:
        raise NotGenuine("wrong_issuer", kid)
    plain = {name: value for name, value in plain.items() if name not in {"_sd", "_sd_alg"}}
    if set(plain) & set(claims):
        raise Malformed("claim_name_taken", kid)
    return Token(
        kid=kid,
        organisation=key.organisation,
        plain=plain,
        claims=claims,
        text=text,
        issued=issued,
        late=late,
    )


@dataclass(frozen=True, slots=True)
class Pieces:
    """A token that this broker has read and kept, taken apart once for all its recipients."""

    signed: str = field(repr=False)
    by_name: Mapping[str, str] = field(repr=False)

    def present(self, names: Collection[str]) -> str:
        """The same signed token with just the named claims: the signature still verifies."""
        kept = [piece for name, piece in self.by_name.items() if name in names]
        return "~".join([self.signed, *kept, ""])


def pieces_of(token: str) -> Pieces:
    signed, *pieces = token.split("~")[:-1]
    return Pieces(signed, {_name(piece): piece for piece in pieces})


def claims_in(token: str) -> dict[str, Json]:
    """The claims of a token that this broker has read and kept; nothing is verified again."""
    found = {}
    for piece in token.split("~")[1:-1]:
        _, name, value = json.loads(from_base64url(piece))
        found[name] = value
    return found


def plain_in(token: str) -> dict[str, Json]:
    """The plain claims of a token that this broker has read and kept."""
    payload: dict[str, Json] = json.loads(from_base64url(token.split(".")[1]))
    return {name: value for name, value in payload.items() if name not in {"_sd", "_sd_alg"}}


def kept(text: str, organisation: OrganisationId) -> Token:
    """A token that this broker has read and kept, as `read` gave it; nothing is verified again."""
    plain = plain_in(text)
    header = json.loads(from_base64url(text.split(".", 1)[0]))
    return Token(
        kid=KeyId(str(header["kid"])),
        organisation=organisation,
        plain=plain,
        claims=claims_in(text),
        text=text,
        issued=datetime.fromtimestamp(int(str(plain["iat"])), UTC),
        late=False,
    )


def _taken_apart(token: bytes | str) -> tuple[str, list[str]]:
    if len(token) > MOST_BYTES:
        raise Malformed("too_large", "token")
    try:
        text = token.decode("ascii") if isinstance(token, bytes) else token
        text.encode("ascii")
    except UnicodeError:
        raise Malformed("bad_encoding", "token") from None
    if not text.endswith("~"):
        raise Malformed("not_this_format", "a token ends in ~")
    parts = text[:-1].split("~")
    if len(parts) - 1 > DIGESTS or parts[0].count(".") != 2:  # noqa: PLR2004 - header.payload.signature
        raise Malformed("not_this_format", "token")
    return text, parts


def _header(signed: str) -> KeyId:
    header = strictjson.read(from_base64url(signed.split(".", 1)[0]))
    if not isinstance(header, dict) or set(header) != {"alg", "typ", "kid"}:
        raise NotGenuine("bad_header", "exactly alg, typ and kid")
    if header["alg"] != "Ed25519" or header["typ"] != TYPE or not isinstance(header["kid"], str):
        raise NotGenuine("bad_header", "alg, typ or kid")
    return KeyId(header["kid"])


def _digests(plain: Mapping[str, Json]) -> set[str]:
    listed = plain.get("_sd")
    if plain.get("_sd_alg") != "sha-256" or not isinstance(listed, list):
        raise Malformed("not_this_format", "_sd and _sd_alg")
    digests = {each for each in listed if isinstance(each, str)}
    if len(digests) != len(listed):
        raise Malformed("not_this_format", "_sd repeats or holds no text")
    if any(_is_nested(value) for name, value in plain.items() if name not in {"_sd", "_sd_alg"}):
        raise Malformed("not_this_format", "_sd or ... deeper down")
    if "..." in plain:
        raise Malformed("not_this_format", "... at the top")
    return digests


def _is_nested(value: Json) -> bool:
    if isinstance(value, dict):
        return "_sd" in value or "..." in value or any(map(_is_nested, value.values()))
    return isinstance(value, list) and any(map(_is_nested, value))


def _claims(pieces: Sequence[str], digests: set[str], names: Collection[str]) -> dict[str, Json]:
    unused = set(digests)
    claims: dict[str, Json] = {}
    for piece in pieces:
        digest = _digest(piece)
        if digest not in unused:  # RFC 9901 section 7.1 step 5
            raise NotGenuine("claim_without_digest", "")
        unused.remove(digest)
        written = strictjson.read(from_base64url(piece))
        if not isinstance(written, list) or len(written) != 3:  # noqa: PLR2004 - salt, name, value
            raise Malformed("not_this_format", "a claim is salt, name and value")
        salt, name, value = written
        if not isinstance(salt, str) or len(from_base64url(salt)) < SALT_BYTES:
            raise Malformed("short_salt", "")
        if not isinstance(name, str) or name not in names or name in claims:
            raise Malformed("claim_name", "")
        if _is_nested(value):
            raise Malformed("not_this_format", "_sd or ... inside a claim")
        claims[name] = value
    return claims


def _issued(plain: Mapping[str, Json], key: SigningKey, now: datetime) -> tuple[datetime, bool]:
    stamp = plain.get("iat")
    if isinstance(stamp, bool) or not isinstance(stamp, int):
        raise Malformed("not_this_format", "iat")
    try:
        issued = datetime.fromtimestamp(stamp, UTC)
    except (OverflowError, ValueError, OSError):
        raise Malformed("not_this_format", "iat") from None
    if issued > now + AHEAD:
        raise NotGenuine("future_dated", key.kid)
    _within(plain, key.kid, now)
    key.check(issued=issued, now=now)
    return issued, issued < now - LATE


def _within(plain: Mapping[str, Json], kid: KeyId, now: datetime) -> None:
    """Evidence must verify in decades, so tokens have no `exp`; one that is there counts here."""
    for name in ("exp", "nbf"):
        limit = plain.get(name)
        if limit is None:
            continue
        if isinstance(limit, bool) or not isinstance(limit, int | float):
            raise Malformed("not_this_format", name)
        if name == "exp" and now.timestamp() >= limit:
            raise NotGenuine("expired", kid)
        if name == "nbf" and (now + AHEAD).timestamp() < limit:
            raise NotGenuine("not_yet_valid", kid)


def _name(piece: str) -> str:
    return str(json.loads(from_base64url(piece))[1])


def _digest(piece: str) -> str:
    return base64url(hashlib.sha256(piece.encode()).digest())
