"""
The digests by which each child is known to a blind question, kept up with what the register holds.

Beside the intake and not in it: a digest takes about a millisecond, and a subject has a few dozen.
So a child first met is found blind some seconds later, and in clear at once. May be killed at any
point, and run twice at once: each subject's digests are replaced in one transaction.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from broker.again import opened_profile
from broker.desk_ports import Inquiries
from broker.domain.identity import KeptProfile
from broker.errors import TryAgain
from broker.identity.names import Names
from broker.identity.tokens import held_tokens, is_of_a_whole_name
from broker.inquiring import oprf
from broker.inquiring.reading import TOKEN_BYTES
from broker.ports import Custody
from broker.telemetry import say

_log = logging.getLogger(__name__)
_AT_ONCE = 100
_LOOK_AGAIN = 2.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexing:
    """Keeps the index under every key that is here: two, while one follows the other."""

    inquiries: Inquiries
    custody: Custody
    names: Names
    keys: Mapping[str, oprf.Scalar] = field(repr=False)
    now: Callable[[], datetime]

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop. While PostgreSQL does not answer, it waits."""
        while not stop.is_set():
            try:
                await self.inquiries.use_keys(list(self.keys))
                if await self.once():
                    continue
            except TryAgain as why:
                say(_log, "indexing begins again", reason=why.reason)
            try:
                async with asyncio.timeout(_LOOK_AGAIN):
                    await stop.wait()
            except TimeoutError:
                continue

    async def once(self) -> int:
        """Some of what is to do; how many. With nothing left, a key may be used from then on."""
        done = 0
        for key, secret in self.keys.items():
            waiting = await self.inquiries.unindexed(key, _AT_ONCE)
            for kept, subject_key in waiting:
                tokens = await asyncio.to_thread(self._tokens, kept, subject_key, secret)
                await self.inquiries.index(key, kept.subject, kept.version, tokens)
            if not waiting:
                await self.inquiries.complete(key, self.now())
            done += len(waiting)
        return done

    def _tokens(
        self, kept: KeptProfile, subject_key: bytes, secret: oprf.Scalar
    ) -> dict[bytes, bool]:
        profile = opened_profile(kept, subject_key, self.custody)
        return {
            token_from(oprf.digest(text.encode(), secret)): is_of_a_whole_name(text)
            for text in held_tokens(profile, self.names)
        }


def key_named(seed: bytes) -> tuple[str, oprf.Scalar]:
    """A key of blind questions and its id, which says nothing about it."""
    key = oprf.derived_key(seed, b"concern-broker/known/1")
    public = oprf.digest(b"concern-broker/known/id", key)
    return hashlib.sha256(public).hexdigest()[:16], key


def token_from(digest: bytes) -> bytes:
    return digest[:TOKEN_BYTES]
