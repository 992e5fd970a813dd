"""
A signed question, read: a compact JWS whose `typ` says how it is asked, by a key of the directory
that counts now. Nothing that it says is in any message or log.

    {"iss": "org:ods:Y99999", "jti": "...", "iat": 1795521600, "purpose": "safeguarding",
     "by": {"person": "gp-varga", "role": "gp"}, and
     "identity": {"summary": {"given_name", "family_name", "birth_date"},
                  "full": {"address", "identifiers"}}          in clear, as the schemas have it
     "elements": [32 of 33 bytes]                              blind
     "key": "...", "tokens": [32 of 16 bytes]                  the digests that came of it
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from broker.domain.decision import Recipient
from broker.domain.directory_keys import KeyOf
from broker.domain.ids import PersonId
from broker.domain.inquiry import Form, Inquiry
from broker.domain.known import Directory
from broker.domain.notification import Json
from broker.domain.words import Role
from broker.encoding import from_base64url
from broker.errors import Malformed, NotGenuine, UnknownOrganisation
from broker.identity.tokens import MOST
from broker.inquiring.oprf import ELEMENT_BYTES
from broker.jws import read_jws

TYPES = {
    Form.CLEAR: "known+jwt",
    Form.BLIND: "known-blind+jwt",
    Form.TOKENS: "known-tokens+jwt",
}
TOKEN_BYTES = 16
FRESH = timedelta(minutes=5)
"""How long ago, or ahead, a question may have been signed."""

_ALWAYS = frozenset({"iss", "jti", "iat", "by", "purpose"})
_SAID = {
    Form.CLEAR: frozenset({"identity"}),
    Form.BLIND: frozenset({"elements"}),
    Form.TOKENS: frozenset({"key", "tokens"}),
}
_IDENTITY = {
    "summary": frozenset({"given_name", "family_name", "birth_date"}),
    "full": frozenset({"other_names", "address", "identifiers"}),
}
_ID = re.compile("[A-Za-z0-9_-]{16,64}")
_WORD = re.compile("[a-z_]{1,60}")
_PERSON = re.compile(r"[^\s]{1,200}")


def inquiry_from(
    token: bytes, form: Form, *, key_of: KeyOf, directory: Directory, now: datetime
) -> Inquiry:
    """Raises NotGenuine, UnknownOrganisation or Malformed with the path that does not fit."""
    try:
        text = token.decode("ascii")
    except UnicodeDecodeError:
        raise Malformed("bad_encoding", "token") from None
    said, key = read_jws(text, typ=TYPES[form], key_of=key_of)
    issued = _instant(said.get("iat"))
    if abs(now - issued) > FRESH:
        raise NotGenuine("not_signed_just_now", key.kid)
    key.check(issued=issued, now=now)
    if said.get("iss") != key.organisation:
        raise NotGenuine("wrong_issuer", key.kid)
    body = directory.bodies.get(key.organisation)
    if body is None:
        raise UnknownOrganisation("not_in_the_directory", key.organisation)
    if set(said) != _ALWAYS | _SAID[form]:
        raise Malformed("schema", f"exactly {', '.join(sorted(_ALWAYS | _SAID[form]))}")
    by = said["by"]
    if not isinstance(by, dict) or set(by) != {"person", "role"}:
        raise Malformed("schema", "by: person and role")
    return Inquiry(
        id=_text(said, "jti", _ID),
        form=form,
        asker=Recipient(
            organisation=key.organisation, role=_role(by.get("role")), agency=body.agency
        ),
        person=PersonId(_text(by, "person", _PERSON)),
        purpose=_text(said, "purpose", _WORD),
        issued=issued,
        said=said,
    )


def claims_of(inquiry: Inquiry) -> Mapping[str, Json]:
    """Who is asked for, as the claims of a notification; nothing else may stand there."""
    identity = inquiry.said["identity"]
    if not isinstance(identity, dict) or not set(identity) <= set(_IDENTITY):
        raise Malformed("schema", "identity: summary and full")
    for part, fields in _IDENTITY.items():
        claim = identity.get(part, {})
        if not isinstance(claim, dict) or not set(claim) <= fields:
            raise Malformed("schema", f"identity.{part}: no more than {', '.join(sorted(fields))}")
    return {f"identity.{part}": claim for part, claim in identity.items()}


def elements_of(inquiry: Inquiry) -> list[bytes]:
    return _raw(inquiry, "elements", ELEMENT_BYTES)


def tokens_of(inquiry: Inquiry) -> tuple[str, list[bytes]]:
    """The id of the key, and the digests."""
    return _text(inquiry.said, "key", _ID), _raw(inquiry, "tokens", TOKEN_BYTES)


def _raw(inquiry: Inquiry, field: str, size: int) -> list[bytes]:
    """Always as many: their number would say something about a name."""
    listed = inquiry.said[field]
    if not isinstance(listed, list) or len(listed) != MOST:
        raise Malformed("schema", f"{field}: {MOST} of them")
    found = [from_base64url(each) for each in listed if isinstance(each, str)]
    if len(found) != MOST or any(len(each) != size for each in found):
        raise Malformed("schema", f"{field}: each of {size} bytes")
    return found


def _instant(stamp: Json) -> datetime:
    if isinstance(stamp, bool) or not isinstance(stamp, int):
        raise Malformed("schema", "iat")
    try:
        return datetime.fromtimestamp(stamp, UTC)
    except (OverflowError, ValueError, OSError):
        raise Malformed("schema", "iat") from None


def _text(said: Mapping[str, Json], field: str, pattern: re.Pattern[str]) -> str:
    value = said.get(field)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise Malformed("schema", field)
    return value


def _role(name: Json) -> Role:
    if name not in list(Role):
        raise Malformed("schema", "by.role")
    return Role(str(name))
