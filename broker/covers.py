"""
The broker's signed words about what it sends: the cover of a disclosure, of a recall, of a pointer,
and the publisher's accepted receipt. Pure: sealing, signing and sending are the relay's.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from broker.domain.ids import OrganisationId
from broker.domain.known import Rules
from broker.domain.pointer import POINTER
from broker.domain.waiting import Errand, KeptRuling, Waiting
from broker.domain.words import Category

Cover = dict[str, object]

SERVICE_INVOLVED = (
    "A service is involved: ring. We could not check what may be told; this does not mean that"
    " nothing else is known."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Covers:
    """Whom to ring, and where the log is: the same for everything that this broker sends."""

    contacts: Mapping[OrganisationId, Mapping[str, str]]
    origin: str  # of the ledger

    def cover(self, each: Waiting, ruling: KeptRuling, token: str, rules: Rules) -> Cover:
        """Of a disclosure or a recall, in front of the token with just the claims that may pass."""
        said = self._recall if each.errand is Errand.RECALL else self._disclosure
        return {
            "disclosure": each.disclosure,
            "notification": each.notification,
            "decision": each.decision,
            "recipient": {"organisation": each.organisation, "role": each.role},
            "level": ruling.level_used,
            "token_sha256": hashlib.sha256(token.encode()).hexdigest(),
            "leaf_commit": each.leaf_commit.hex(),
            "child_certain": each.match != "needs_person",
            "ring": self.contacts.get(each.ring, {}),
            "issued": each.created.isoformat(),
            **said(each, ruling, rules),
        }

    def _disclosure(self, each: Waiting, ruling: KeptRuling, rules: Rules) -> Cover:
        """
        What the recipient's role was given, which reads the same whatever was there and withheld;
        of the policies, only those that gave something: a restriction's name could tell its cause.
        """
        stated = str(ruling.question["consent_stated"])
        refused = stated if stated in {state.value for state in rules.refused_states} else None
        named = _named(each, rules)
        return {
            "type": each.type,
            "extents": ruling.extents,
            "because": {
                category: ruling.because[category]["permits"]
                for category, extent in ruling.extents.items()
                if extent != "nothing"
            },
            "bases": ruling.bases,
            "duties": ruling.duties,
            "policy": ruling.policy,
            "consent": each.refused or refused,
            "held": named,
            "more_is_held": len(named) < len(each.held),
        }

    def _recall(self, each: Waiting, ruling: KeptRuling, rules: Rules) -> Cover:
        """What may no longer be used; it tells nothing of the concern itself."""
        recalled, _, ground = each.recalls.partition(" ")
        return {
            "type": "recall.issued",
            "recalls": recalled,
            "ground": ground,
            "categories": _named(each, rules),
            "extents": dict.fromkeys(ruling.extents, "nothing"),
            "because": {},
            "bases": {},
            "duties": [],
            "policy": each.policy,
            "consent": None,
            "held": [],
            "more_is_held": False,
        }

    def pointer(self, each: Waiting) -> Cover:
        """
        What is told while nothing could be decided. It carries no token, since a token's plain
        claims name the publisher and the level, and no policy, since none was asked.
        """
        return {
            "type": POINTER,
            "says": SERVICE_INVOLVED,
            "disclosure": each.disclosure,
            "notification": each.notification,
            "decision": None,
            "recipient": {"organisation": each.organisation, "role": each.role},
            "token_sha256": hashlib.sha256(b"").hexdigest(),
            "leaf_commit": each.leaf_commit.hex(),
            "ring": self.contacts.get(each.ring, {}),
            "issued": each.created.isoformat(),
            "extents": {category.value: "nothing" for category in Category},
            "because": {},
            "duties": [],
            "policy": None,
            "consent": None,
            "held": [],
            "more_is_held": False,
        }

    def accepted(self, each: Waiting) -> Cover:
        """To the publisher: it is committed, and on its way into the ledger."""
        return {
            "kind": "accepted",
            "notification": each.notification,
            "publisher": each.publisher,
            "token_sha256": each.token_sha256.hex(),
            "received": each.received.isoformat(),
            "ledger": self.origin,
            "leaf": "within 60 s",
            "leaf_commit": each.leaf_commit.hex(),
        }


def _named(each: Waiting, rules: Rules) -> list[str]:
    """A category whose name alone would tell is not named."""
    blind = {category.value for category in rules.blind}
    return [category for category in each.held if category not in blind]
