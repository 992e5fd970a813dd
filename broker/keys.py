"""
Keys: the file driver, and the public side that everybody may read (SECURITY.md 4.3).

    keys/public.json                    every organisation's public keys, and the broker's
    keys/<organisation>/signing         32 secret bytes in hex, one file each, mode 0600
    keys/<organisation>/sealing
    keys/<organisation>/event           for the keyed ids of its notifications
    keys/broker/signing, ledger, sealing, wrapping, digest

A secret never leaves its owner's object: it signs, opens and wraps for whoever asks.
"""

import hashlib
import hmac
import json
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from broker.domain.directory_keys import Period, SealingKey, SigningKey
from broker.domain.ids import KeyId, OrganisationId
from broker.errors import Broken, Misconfigured, NotGenuine

BROKER = OrganisationId("org:local:concern-broker")
_SECRET_BYTES = 32
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKeys:
    """The directory's keys, by id."""

    signing: Mapping[KeyId, SigningKey]
    sealing: Mapping[KeyId, SealingKey]
    ledger: Sequence[SigningKey] = ()  # the broker's, which sign heads and nothing else

    def signing_key(self, kid: KeyId) -> SigningKey:
        if kid not in self.signing:
            raise NotGenuine("unknown_key")
        return self.signing[kid]

    def sealing_key_of(self, organisation: OrganisationId, now: datetime) -> SealingKey:
        """The newest that counts now."""
        theirs = [
            key
            for key in self.sealing.values()
            if key.organisation == organisation and key.period.holds_at(now)
        ]
        if not theirs:
            raise NotGenuine("no_sealing_key", organisation)
        return max(theirs, key=lambda key: key.period.since)


def read_public_keys(path: Path) -> PublicKeys:
    """Raises Misconfigured, saying what to do."""
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        entries = [_period_and(entry) for entry in written["keys"]]
    except FileNotFoundError:
        detail = f"{path}: run `broker keys make`, or name the partnership's file"
        raise Misconfigured("no_public_keys", detail) from None
    except (KeyError, ValueError, TypeError) as error:
        raise Misconfigured("public_keys_unreadable", f"{path}: {error}") from None
    signing = [_signing(entry, period) for entry, period in entries if entry["use"] == "signing"]
    return PublicKeys(
        signing={key.kid: key for key in signing},
        ledger=[_signing(entry, period) for entry, period in entries if entry["use"] == "ledger"],
        sealing={
            entry["kid"]: SealingKey(
                kid=entry["kid"],
                organisation=OrganisationId(entry["organisation"]),
                period=period,
                public=bytes.fromhex(entry["public"]),
            )
            for entry, period in entries
            if entry["use"] == "sealing"
        },
    )


def _signing(entry: Mapping[str, Any], period: Period) -> SigningKey:
    public = bytes.fromhex(entry["public"])
    return SigningKey(
        kid=KeyId(entry["kid"]),
        organisation=OrganisationId(entry["organisation"]),
        period=period,
        public=public,
        checks=_checks(public),
    )


def _period_and(entry: dict[str, Any]) -> tuple[dict[str, Any], Period]:
    def moment(name: str) -> datetime | None:
        return datetime.fromisoformat(entry[name]) if entry.get(name) else None

    since = datetime.fromisoformat(entry["from"])
    return entry, Period(since=since, until=moment("until"), revoked=moment("revoked"))


def verifier(public: bytes) -> Any:
    return _checks(public)


def _checks(public: bytes) -> Any:
    key = Ed25519PublicKey.from_public_bytes(public)

    def checks(signature: bytes, signed: bytes) -> bool:
        try:
            key.verify(signature, signed)
        except InvalidSignature:
            return False
        return True

    return checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Signs in one organisation's name, with one key."""

    kid: KeyId
    organisation: OrganisationId
    _secret: Ed25519PrivateKey = field(repr=False)

    def sign(self, content: bytes) -> bytes:
        return self._secret.sign(content)

    def public(self) -> bytes:
        return self._secret.public_key().public_bytes_raw()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Holds the secret halves of one organisation's sealing keys."""

    _secrets: Mapping[KeyId, X25519PrivateKey] = field(repr=False)

    def secret(self, kid: KeyId) -> X25519PrivateKey:
        if kid not in self._secrets:
            raise NotGenuine("unknown_key")
        return self._secrets[kid]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapper:
    """Wraps keys under a key that stays here (AES-KWP, RFC 5649); makes keyed digests."""

    _wrapping: bytes = field(repr=False)
    _digest: bytes = field(repr=False)

    def wrap(self, key: bytes) -> bytes:
        return aes_key_wrap_with_padding(self._wrapping, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        return unwrapped(self._wrapping, wrapped)

    def digest(self, *parts: str) -> bytes:
        """16 bytes: comparable, not readable. Each part has its length before it."""
        raw = [part.encode() for part in parts]
        bound = b"".join(len(part).to_bytes(2, "big") + part for part in raw)
        return hmac.new(self._digest, bound, hashlib.sha256).digest()[:16]


def unwrapped(key: bytes, wrapped: bytes) -> bytes:
    try:
        return aes_key_unwrap_with_padding(key, wrapped)
    except InvalidUnwrap:
        raise Broken("cannot_unwrap") from None


def folder_of(keys: Path, organisation: OrganisationId) -> Path:
    name = "broker" if organisation == BROKER else re.sub(r"[^A-Za-z0-9_-]", "-", organisation[4:])
    return keys / name


def key_id(organisation: OrganisationId, use: str, public: bytes) -> KeyId:
    """A readable name: whose, for what, and the first of its fingerprint."""
    whose = re.sub(r"[^A-Za-z0-9_-]", "-", organisation.removeprefix("org:"))
    return KeyId(f"{whose}-{use}-{hashlib.sha256(public).hexdigest()[:8]}")


def signer(keys: Path, organisation: OrganisationId, use: str = "signing") -> Signer:
    secret = Ed25519PrivateKey.from_private_bytes(read_secret(keys, organisation, use))
    public = secret.public_key().public_bytes_raw()
    return Signer(kid=key_id(organisation, use, public), organisation=organisation, _secret=secret)


def opener(keys: Path, organisation: OrganisationId) -> Opener:
    secret = X25519PrivateKey.from_private_bytes(read_secret(keys, organisation, "sealing"))
    kid = key_id(organisation, "sealing", secret.public_key().public_bytes_raw())
    return Opener(_secrets={kid: secret})


def wrapper(keys: Path) -> Wrapper:
    return Wrapper(
        _wrapping=read_secret(keys, BROKER, "wrapping"), _digest=read_secret(keys, BROKER, "digest")
    )


def read_secret(keys: Path, organisation: OrganisationId, use: str) -> bytes:
    """32 bytes. Raises Misconfigured if the file is missing or others can read it."""
    return read_secret_file(folder_of(keys, organisation) / use, "run `broker keys make`")


def read_secret_file(path: Path, otherwise: str) -> bytes:
    """32 bytes. Raises Misconfigured; `otherwise` says what to do about a missing one."""
    try:
        if path.stat().st_mode & _OPEN_TO_OTHERS:
            raise Misconfigured("key_open_to_others", f"{path}: chmod 600 it, then renew the key")
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise Misconfigured("no_key", f"{path}: {otherwise}") from None
    except ValueError:
        raise Misconfigured("key_unreadable", str(path)) from None
    if len(secret) != _SECRET_BYTES:
        raise Misconfigured("key_unreadable", str(path))
    return secret


def write_secret(keys: Path, organisation: OrganisationId, use: str, secret: bytes) -> None:
    """A new file that only its owner can read, whole or not at all."""
    write_secret_file(folder_of(keys, organisation) / use, secret)


def write_secret_file(path: Path, secret: bytes) -> None:
    """A new file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secret.hex() + "\n")
    draft.rename(path)
