"""
A statement about sharing as an Event, whoever recorded it: a form, a file, an agency's system.

Pure. The fact is as schemas/statement-1.0 says; ids, signature and sealing are the edge's.
"""

import json
from collections.abc import Mapping
from typing import Any

from adapters.contract import Event, Json
from adapters.natives import native_part
from broker.domain.words import ConsentState, EventType, Urgency

_AT_ONCE = {EventType.OVERRIDE_RAISED.value}
_STOPS = {ConsentState.REFUSED.value, ConsentState.WITHDRAWN.value}


def event_from(
    kind: EventType,
    fact: Mapping[str, Json],
    *,
    key: str,
    version: str = "1",
    subject_key: str = "",
    identity: Mapping[str, Json] | None = None,
    native: Mapping[str, Json] | None = None,
) -> Event:
    """
    `key` is the sender's own name for this statement: the same again is the same event. `fact`
    holds `by`. Without `native` the fact itself, as JSON, counts as the original.
    """
    about = subject_key or str(fact.get("concern") or key)
    written = json.dumps(fact, sort_keys=True).encode()
    return Event(
        type=kind,
        reference=key,
        version=version,
        subject_key=about,
        plain={"urgency": urgency_of(kind, fact).value},
        native=native or native_part(written, made_by="person", form="statement"),
        categories={"identity": dict(identity)} if identity else {},
        facts=fact,
    )


def urgency_of(kind: EventType, fact: Mapping[str, Any]) -> Urgency:
    """What stops a disclosure that waits, or must tell somebody now, does not queue."""
    directive = fact.get("directive")
    state = directive.get("state") if isinstance(directive, dict) else None
    at_once = kind.value in _AT_ONCE or (isinstance(state, str) and state in _STOPS)
    return Urgency.IMMEDIATE if at_once else Urgency.ROUTINE
