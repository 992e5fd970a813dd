"""
Compact JWS (RFC 7515), Ed25519 only: the broker's cover, receipts. Kinds are told apart by `typ`.
"""

from collections.abc import Callable, Mapping

from broker import strictjson
from broker.domain.directory_keys import KeyOf, SigningKey
from broker.domain.ids import KeyId
from broker.domain.notification import Json
from broker.encoding import base64url, from_base64url, json_bytes
from broker.errors import Malformed, NotGenuine

COVER = "disclosure+jwt"
RECEIPT = "receipt+jwt"


def sign_jws(
    payload: Mapping[str, Json], *, typ: str, kid: KeyId, sign: Callable[[bytes], bytes]
) -> str:
    """The signed text, header exactly alg, typ and kid."""
    header = json_bytes({"alg": "Ed25519", "typ": typ, "kid": kid})
    signed = f"{base64url(header)}.{base64url(json_bytes(dict(payload)))}"
    return f"{signed}.{base64url(sign(signed.encode()))}"


def read_jws(text: str, *, typ: str, key_of: KeyOf) -> tuple[dict[str, Json], SigningKey]:
    """What was said and by whose key. Raises Malformed or NotGenuine."""
    parts = text.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header.payload.signature
        raise Malformed("not_this_format", "not a compact JWS")
    header = strictjson.read(from_base64url(parts[0]))
    if not isinstance(header, dict) or set(header) != {"alg", "typ", "kid"}:
        raise NotGenuine("bad_header", "exactly alg, typ and kid")
    if header["alg"] != "Ed25519" or header["typ"] != typ or not isinstance(header["kid"], str):
        raise NotGenuine("bad_header", "alg, typ or kid")
    key = key_of(KeyId(header["kid"]))
    if not key.verify(from_base64url(parts[2]), f"{parts[0]}.{parts[1]}".encode()):
        raise NotGenuine("bad_signature", key.kid)
    payload = strictjson.read(from_base64url(parts[1]))
    if not isinstance(payload, dict):
        raise Malformed("not_this_format", "payload is no object")
    return payload, key
