"""Base64url and JSON as signed objects need them: one spelling for each value."""

import base64
import binascii
import json

from broker.domain.notification import Json
from broker.errors import Malformed


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Strict: its alphabet only, no padding, spare bits zero. Raises Malformed."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("not_this_format", "base64url") from None
    if base64url(raw) != text:
        raise Malformed("not_this_format", "base64url")
    return raw


def json_bytes(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def canonical_json(value: Json) -> bytes:
    """Keys sorted: the same value has the same bytes wherever it is hashed."""
    text = json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False
    )
    return text.encode()
