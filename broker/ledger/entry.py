"""
One leaf of the ledger: what happened, to which organisations and references, under which policy.

It says nothing about anybody. What it stands for is bound by a salted commitment, and the record
and its salt are kept under the subject's key: destroy the key and the leaf means nothing.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

MOST_BYTES = 65_535  # of one leaf: the limit of c2sp.org/tlog-tiles entry bundles


def commitment(salt: bytes, record: Mapping[str, object]) -> bytes:
    """SHA-256(salt of 32 bytes, then the record with its keys sorted)."""
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(salt + canonical.encode()).digest()


def leaf_bytes(
    *,
    kind: str,
    at: datetime,
    organisations: Sequence[str],
    references: Sequence[str],
    policy: str,
    commit: bytes,
) -> bytes:
    """The leaf's bytes: stored once and never rebuilt. Raises ValueError past 65,535 bytes."""
    entry = {
        "kind": kind,
        "at": at.isoformat(),
        "organisations": list(organisations),
        "references": list(references),
        "policy": policy,
        "commit": commit.hex(),
    }
    raw = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()
    if len(raw) > MOST_BYTES:
        raise ValueError(f"a leaf of {len(raw)} bytes")
    return raw
