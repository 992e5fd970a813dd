"""What every process reads at its start: settings, the directory, keys; and chance."""

import asyncio
import hashlib
import secrets
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from broker.app import clock
from broker.custody import KeyedCustody
from broker.domain.directory_keys import SigningKey
from broker.domain.ids import AlertId, KeyId, ReviewId
from broker.errors import Misconfigured
from broker.identity import Matching
from broker.identity.contacts import telephone_from
from broker.inquiring.indexing import key_named
from broker.inquiring.oprf import Scalar
from broker.jws import sign_jws
from broker.keys import (
    BROKER,
    Opener,
    PublicKeys,
    Signer,
    folder_of,
    read_public_keys,
    read_secret,
    wrapper,
)
from broker.matching_files import read_matching
from broker.partnership import Partnership, read_partnership
from broker.recording import Chance
from broker.sealing import open_with
from broker.settings import Settings

_BLIND = ("known", "known-next")
_LOOK_FOR_KEYS = timedelta(seconds=5)


class FreshKeys:
    """The public keys as the file has them now: what is revoked counts no more in seconds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read, self._at, self._looked = read_public_keys(path), self._changed(), clock()

    def _changed(self) -> float:
        return self._path.stat().st_mtime

    def now(self) -> PublicKeys:
        if clock() - self._looked > _LOOK_FOR_KEYS:
            self._looked = clock()
            if self._changed() != self._at:
                self._at, self._read = self._changed(), read_public_keys(self._path)
        return self._read

    def signing_key(self, kid: KeyId) -> SigningKey:
        return self.now().signing_key(kid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every process of the broker reads at its start."""

    settings: Settings
    partnership: Partnership
    public: FreshKeys

    @property
    def database(self) -> str:
        return self.settings.database.get_secret_value()


def parts(settings: Settings) -> Parts:
    """Raises Misconfigured, naming the setting."""
    for name in ("kafka", "database"):
        given = getattr(settings, name)
        if not (given if isinstance(given, str) else given.get_secret_value()):
            raise Misconfigured("not_set", f"BROKER_{name.upper()}")
    return Parts(
        settings=settings,
        partnership=read_partnership(settings.directory),
        public=FreshKeys(settings.keys / "public.json"),
    )


def stopping() -> asyncio.Event:
    """Set by SIGTERM and SIGINT. A process may as well be killed: nothing is lost."""
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    return stop


def custody(keys: Path) -> KeyedCustody:
    return KeyedCustody(wrapper=wrapper(keys), fresh_key=lambda: secrets.token_bytes(32))


def matching(settings: Settings, partnership: Partnership) -> Matching:
    """
    The working point by which subjects are joined, with the key of its digests. What an
    organisation is rung by is a switchboard: on a child's form it says nothing of a household.
    """
    contacts = (each.contact.telephone for each in partnership.organisations.values())
    key = wrapper(settings.keys).digest("blocking keys")

    def hash64(text: bytes) -> int:
        digest = hashlib.blake2b(text, key=key, digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)

    return read_matching(
        settings.model,
        population=settings.population,
        hash64=hash64,
        switchboards=frozenset(
            number for each in contacts if (number := telephone_from(each).value)
        ),
        test_numbers=settings.test_numbers,
    )


def blind_keys(keys: Path) -> dict[str, Scalar]:
    """
    Those of blind questions, by their ids: two, while one follows the other. None is needed where
    nobody asks blind.
    """
    there = [use for use in _BLIND if (folder_of(keys, BROKER) / use).exists()]
    return dict(key_named(read_secret(keys, BROKER, use)) for use in there)


def chance() -> Chance:
    return Chance(
        salt=lambda: secrets.token_bytes(32),
        alert=lambda: AlertId(secrets.token_urlsafe(16)),
        review=lambda: ReviewId(secrets.token_urlsafe(16)),
    )


@dataclass(frozen=True, slots=True)
class OpenKey:
    """`open_key` of sealing.unseal, with one organisation's secrets."""

    secret: Opener

    def __call__(self, kid: KeyId, wrapped: bytes, info: bytes) -> bytes:
        return open_with(self.secret.secret(kid), wrapped, info)


@dataclass(frozen=True, slots=True)
class Signs:
    typ: str
    signed_by: Signer

    def __call__(self, payload: Mapping[str, object]) -> str:
        return sign_jws(payload, typ=self.typ, kid=self.signed_by.kid, sign=self.signed_by.sign)
