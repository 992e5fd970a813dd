"""
Content at rest: key-encryption key, subject key, data key, content (SECURITY.md 4.2). Destroying a
subject's key makes all that was kept under it unreadable, wherever the bytes are.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

from broker.errors import Broken
from broker.keys import Wrapper, unwrapped

_ONCE = bytes(12)  # each data key encrypts one content, so its nonce may be fixed


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedCustody:
    """The Custody of ports.py over one wrapping key."""

    wrapper: Wrapper
    fresh_key: Callable[[], bytes]  # 32 random bytes

    def new_subject_key(self) -> bytes:
        return self.wrapper.wrap(self.fresh_key())

    def keep(self, content: bytes, *, subject_key: bytes) -> tuple[bytes, bytes]:
        data_key = self.fresh_key()
        wrapped = aes_key_wrap_with_padding(self.wrapper.unwrap(subject_key), data_key)
        return wrapped, AESGCM(data_key).encrypt(_ONCE, content, None)

    def rewrap(self, wrapped_key: bytes, *, subject_key: bytes, other: bytes) -> bytes:
        data_key = unwrapped(self.wrapper.unwrap(subject_key), wrapped_key)
        return aes_key_wrap_with_padding(self.wrapper.unwrap(other), data_key)

    def reveal(self, *, subject_key: bytes, wrapped_key: bytes, body: bytes) -> bytes:
        data_key = unwrapped(self.wrapper.unwrap(subject_key), wrapped_key)
        try:
            return AESGCM(data_key).decrypt(_ONCE, body, None)
        except InvalidTag:
            raise Broken("content_altered") from None
