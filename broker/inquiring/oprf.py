"""
An oblivious pseudorandom function: RFC 9497, mode OPRF, suite P256-SHA256.

    asking side      blind(input, r)  ->  element       r * H(input): says nothing about the input
    broker           evaluate(element)                  k * element: says nothing about k
    asking side      finalize(input, r, evaluated)      the same as the broker's digest(input)

Multiplying by a secret is OpenSSL's (ECDH), in constant time. It gives the x-coordinate alone; the
sign of y is found from a second product, (k + 1) * P, in plain Python: so its time depends on the
points, which are random to whoever does not know the input, and not on k or r. Hashing an input to
the curve (RFC 9380) is plain Python and depends on the input: only whoever knows it does that.
"""

import hashlib
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from broker.errors import Malformed

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_A, _B = -3, 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_Z = -10  # RFC 9380 section 8.2
_CURVE, _ECDH = ec.SECP256R1(), ec.ECDH()
_CONTEXT = b"OPRFV1-\x00-P256-SHA256"
_FIELD_BYTES, _WIDE_BYTES, _BLOCK = 32, 48, 64
SEED_BYTES = 32
ELEMENT_BYTES = 33
_TRIES = 256


class _Point(NamedTuple):
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A secret factor, from 2 to the group's order less 2."""

    value: int = field(repr=False)
    _next: tuple[ec.EllipticCurvePrivateKey, ec.EllipticCurvePrivateKey] = field(
        init=False, repr=False
    )

    def __post_init__(self) -> None:
        if not 1 < self.value < _N - 1:
            raise ValueError("a scalar out of range")
        keys = (
            ec.derive_private_key(self.value, _CURVE),
            ec.derive_private_key(self.value + 1, _CURVE),
        )
        object.__setattr__(self, "_next", keys)

    def times(self, element: bytes) -> bytes:
        """The compressed product. Raises Malformed for what is no element of the group."""
        if len(element) != ELEMENT_BYTES:
            raise Malformed("no_element", "")
        try:
            public = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, element)
        except ValueError:
            raise Malformed("no_element", "") from None
        x, following = (int.from_bytes(key.exchange(_ECDH, public)) for key in self._next)
        numbers = public.public_numbers()
        return _compressed(_with_y(x, following, _Point(numbers.x, numbers.y)))

    def inverse(self) -> "Scalar":
        return Scalar(pow(self.value, -1, _N))


def scalar_from(random: bytes) -> Scalar:
    """From 48 random bytes: every scalar as likely as any other."""
    if len(random) != _WIDE_BYTES:
        raise ValueError("48 random bytes")
    return Scalar(2 + int.from_bytes(random) % (_N - 3))


def derived_key(seed: bytes, info: bytes) -> Scalar:
    """DeriveKeyPair, RFC 9497 section 3.2.1."""
    given = seed + len(info).to_bytes(2) + info
    for counter in range(_TRIES):
        wide = _expanded(given + counter.to_bytes(1), b"DeriveKeyPair" + _CONTEXT, _WIDE_BYTES)
        if value := int.from_bytes(wide) % _N:
            return Scalar(value)
    raise ValueError("no key comes of this seed")


def blind(content: bytes, by: Scalar) -> bytes:
    return by.times(_compressed(_hashed_to_group(content)))


def finalize(content: bytes, by: Scalar, evaluated: bytes) -> bytes:
    """32 bytes. `by`: what it was blinded with."""
    return _output(content, by.inverse().times(evaluated))


def digest(content: bytes, key: Scalar) -> bytes:
    """The same 32 bytes, by whoever holds the key: Evaluate, RFC 9497 section 3.3.1."""
    return _output(content, blind(content, key))


def _output(content: bytes, element: bytes) -> bytes:
    bound = b"".join(len(each).to_bytes(2) + each for each in (content, element))
    return hashlib.sha256(bound + b"Finalize").digest()


def _compressed(point: _Point) -> bytes:
    return bytes([2 + (point.y & 1)]) + point.x.to_bytes(_FIELD_BYTES)


def _with_y(x: int, following: int, base: _Point) -> _Point:
    """The point k * base, of which `x` is known, and that of (k + 1) * base as well."""
    y = pow(x * x * x + _A * x + _B, (_P + 1) // 4, _P)
    slope = (y - base.y) * pow(x - base.x, -1, _P)
    return _Point(x, y if (slope * slope - x - base.x - following) % _P == 0 else _P - y)


def _expanded(content: bytes, tag: bytes, size: int) -> bytes:
    """expand_message_xmd with SHA-256, RFC 9380 section 5.3.1."""
    tagged = tag + len(tag).to_bytes(1)
    first = hashlib.sha256(bytes(_BLOCK) + content + size.to_bytes(2) + b"\x00" + tagged).digest()
    block, found = bytes(len(first)), b""
    for n in range(1, -(-size // len(first)) + 1):
        mixed = bytes(a ^ b for a, b in zip(first, block, strict=True))
        block = hashlib.sha256(mixed + n.to_bytes(1) + tagged).digest()
        found += block
    return found[:size]


def _hashed_to_group(content: bytes) -> _Point:
    """P256_XMD:SHA-256_SSWU_RO_, RFC 9380 section 8.2."""
    wide = _expanded(content, b"HashToGroup-" + _CONTEXT, 2 * _WIDE_BYTES)
    one, other = (
        _mapped(int.from_bytes(each) % _P) for each in (wide[:_WIDE_BYTES], wide[_WIDE_BYTES:])
    )
    if one.x == other.x:
        raise ValueError("an input that nobody can find")  # 2 in 2^256
    slope = (other.y - one.y) * pow(other.x - one.x, -1, _P)
    x = (slope * slope - one.x - other.x) % _P
    return _Point(x, (slope * (one.x - x) - one.y) % _P)


def _mapped(u: int) -> _Point:
    """The simplified Shallue-van de Woestijne-Ulas map, RFC 9380 section 6.6.2."""
    turned = _Z * u * u % _P
    both = (turned * turned + turned) % _P
    x = -_B * pow(_A, -1, _P) * (1 + pow(both, -1, _P)) if both else _B * pow(_Z * _A, -1, _P)
    y = _root(x := x % _P)
    if y is None:
        y = _root(x := turned * x % _P)
    if y is None:
        raise ValueError("neither is on the curve")  # one always is
    return _Point(x, y if y & 1 == u & 1 else _P - y)


def _root(x: int) -> int | None:
    square = (x * x * x + _A * x + _B) % _P
    y = pow(square, (_P + 1) // 4, _P)
    return y if y * y % _P == square else None
