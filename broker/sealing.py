"""
Sealing to one recipient: HPKE (RFC 9180) around a data key that is used once, AES-256-GCM around
the padded content. What must not be swapped is bound: purpose, id, organisation, key.

    sealed = 1 | length of kid | kid | wrapped data key (80 bytes) | body
"""

import hashlib
from collections.abc import Callable
from functools import cache, lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from broker.domain.directory_keys import SealingKey
from broker.domain.ids import KeyId
from broker.errors import Malformed, NotGenuine

DISCLOSURE = "concern-broker/disclosure/1"
NOTIFICATION = "concern-broker/notification/1"
QUARANTINE = "concern-broker/quarantine/1"

_VERSION = 1
_WRAPPED = 80  # 32 of the encapsulated key, 32 of the data key, 16 of its tag
_KEY = 32
_ONCE = bytes(12)  # each data key encrypts one body, so its nonce may be fixed
_SMALLEST = 1024


@cache
def suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@lru_cache(maxsize=1_000)
def _public(raw: bytes) -> X25519PublicKey:
    return X25519PublicKey.from_public_bytes(raw)


def bind(*parts: str | bytes) -> bytes:
    """Each part with its length before it in two bytes, so that no two lists look alike."""
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(2, "big") + part for part in raw)


def padded(content: bytes) -> bytes:
    """Padded so that its size does not tell extents: to 1 KiB, then to at most 12 % more."""
    return (content + b"\x80").ljust(padded_size(len(content) + 1), b"\x00")


def padded_size(size: int) -> int:
    """Padmé (Nikitin and others, 2019): the bits that may be set grow with the logarithm."""
    if size <= _SMALLEST:
        return _SMALLEST
    exponent = size.bit_length() - 1
    low_bits = exponent - exponent.bit_length()
    mask = (1 << low_bits) - 1
    return (size + mask) & ~mask


def unpadded(content: bytes) -> bytes:
    stripped = content.rstrip(b"\x00")
    if not stripped.endswith(b"\x80"):
        raise NotGenuine("bad_padding")
    return stripped[:-1]


def seal(content: bytes, *, to: SealingKey, parts: tuple[str, ...], data_key: bytes) -> bytes:
    """
    `parts` are purpose, id and organisation; the key's id is bound too. `data_key`: 32 random
    bytes, never used before.
    """
    bound = (*parts, to.kid)
    body = AESGCM(data_key).encrypt(_ONCE, padded(content), bind(*bound))
    info = bind(*bound, hashlib.sha256(body).digest())
    wrapped = suite().encrypt(data_key, _public(to.public), info=info)
    kid = to.kid.encode()
    return bytes([_VERSION, len(kid)]) + kid + wrapped + body


def unseal(
    sealed: bytes, *, parts: tuple[str, ...], open_key: Callable[[KeyId, bytes, bytes], bytes]
) -> bytes:
    """
    The content. `open_key(kid, wrapped, info)` is the key driver's. Raises Malformed if these are
    no sealed bytes, NotGenuine if they were sealed for something or somebody else, or altered.
    """
    kid, wrapped, body = _taken_apart(sealed)
    bound = (*parts, kid)
    info = bind(*bound, hashlib.sha256(body).digest())
    data_key = open_key(kid, wrapped, info)
    if len(data_key) != _KEY:
        raise NotGenuine("cannot_unseal", kid)
    try:
        content = AESGCM(data_key).decrypt(_ONCE, body, bind(*bound))
    except InvalidTag:
        raise NotGenuine("cannot_unseal", kid) from None
    return unpadded(content)


def open_with(secret: X25519PrivateKey, wrapped: bytes, info: bytes) -> bytes:
    """One step of the key driver. Raises NotGenuine; a low-order or swapped key is one."""
    try:
        return suite().decrypt(wrapped, secret, info=info)
    except (InvalidTag, ValueError):
        raise NotGenuine("cannot_unseal") from None


def _taken_apart(sealed: bytes) -> tuple[KeyId, bytes, bytes]:
    if len(sealed) < 2 + _WRAPPED or sealed[0] != _VERSION:
        raise Malformed("not_sealed")
    end = 2 + sealed[1]
    try:
        kid = sealed[2:end].decode("ascii")
    except UnicodeDecodeError:
        raise Malformed("not_sealed") from None
    wrapped, body = sealed[end : end + _WRAPPED], sealed[end + _WRAPPED :]
    if not kid or len(wrapped) != _WRAPPED:
        raise Malformed("not_sealed")
    return KeyId(kid), wrapped, body
