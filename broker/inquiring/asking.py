"""
The asking side of "does anybody know this child?": what an organisation signs and sends, in clear
or blind. Blind, nothing that is sent says who is asked for: not to the broker, nor to the network.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from broker.domain.identity import Appearance
from broker.domain.ids import KeyId, OrganisationId, PersonId
from broker.domain.inquiry import Form
from broker.domain.notification import Json
from broker.domain.words import Role
from broker.encoding import base64url, from_base64url
from broker.errors import Malformed
from broker.identity.names import Names
from broker.identity.tokens import MOST, asked_tokens
from broker.inquiring import oprf
from broker.inquiring.indexing import token_from
from broker.inquiring.reading import TYPES
from broker.jws import sign_jws

Random = Callable[[int], bytes]
_SCALAR_BYTES = 48
_ID_BYTES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, for what, and with which key it is signed."""

    organisation: OrganisationId
    person: PersonId
    role: Role
    purpose: str
    kid: KeyId
    sign: Callable[[bytes], bytes] = field(repr=False)
    random: Random = field(repr=False)

    def in_clear(self, identity: Mapping[str, Json], now: datetime) -> str:
        """`identity`: `summary` and `full` as in a concern."""
        return self._signed(Form.CLEAR, {"identity": dict(identity)}, now)

    def blind(self, asked: Appearance, names: Names, now: datetime) -> tuple[str, "Blinded"]:
        """What is sent first, and what the answer to it is opened with."""
        blinded = Blinded.made(asked_tokens(asked, names), self.random)
        elements: Json = [base64url(each) for each in blinded.elements()]
        return self._signed(Form.BLIND, {"elements": elements}, now), blinded

    def by_tokens(self, key: str, tokens: Sequence[bytes], now: datetime) -> str:
        """What is sent then."""
        listed: Json = [base64url(each) for each in tokens]
        return self._signed(Form.TOKENS, {"key": key, "tokens": listed}, now)

    def _signed(self, form: Form, said: Mapping[str, Json], now: datetime) -> str:
        payload = {
            "iss": self.organisation,
            "jti": base64url(self.random(_ID_BYTES)),
            "iat": int(now.timestamp()),
            "by": {"person": self.person, "role": self.role.value},
            "purpose": self.purpose,
            **said,
        }
        return sign_jws(payload, typ=TYPES[form], kid=self.kid, sign=self.sign)


@dataclass(frozen=True, slots=True)
class Blinded:
    """Texts, each with its factor: always as many, filled up with random ones, nobody's."""

    texts: Sequence[bytes] = field(repr=False)
    factors: Sequence[oprf.Scalar] = field(repr=False)

    @classmethod
    def made(cls, tokens: Sequence[str], random: Random) -> "Blinded":
        texts = [each.encode() for each in tokens]
        texts += [random(_ID_BYTES) for _ in range(MOST - len(texts))]
        return cls(sorted(texts), [oprf.scalar_from(random(_SCALAR_BYTES)) for _ in texts])

    def elements(self) -> list[bytes]:
        pairs = zip(self.texts, self.factors, strict=True)
        return [oprf.blind(text, by) for text, by in pairs]

    def tokens(self, evaluated: Json) -> list[bytes]:
        """The digests, from what the broker gave back. Raises Malformed."""
        if not isinstance(evaluated, list) or len(evaluated) != len(self.texts):
            raise Malformed("schema", f"elements: {len(self.texts)} of them")
        triples = zip(self.texts, self.factors, map(str, evaluated), strict=True)
        return sorted(
            token_from(oprf.finalize(text, by, from_base64url(each))) for text, by, each in triples
        )
