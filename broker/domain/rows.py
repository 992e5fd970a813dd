"""
What one batch writes, as rows in the order of their tables' columns. Made by recording.py, written
by the store in one transaction; a row is a tuple so that it can be copied in by the thousand.
"""

from collections.abc import Sequence
from dataclasses import dataclass

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """One list a table. The columns stand beside each name in COLUMNS."""

    subject: Sequence[Row] = ()
    subject_key: Sequence[Row] = ()
    identifier: Sequence[Row] = ()
    allow_list: Sequence[Row] = ()
    inbox: Sequence[Row] = ()
    ruling: Sequence[Row] = ()
    decision: Sequence[Row] = ()
    outbox: Sequence[Row] = ()
    alert: Sequence[Row] = ()
    leaf_waiting: Sequence[Row] = ()
    relationship: Sequence[Row] = ()
    relationship_end: Sequence[Row] = ()
    round: Sequence[Row] = ()
    superseded: Sequence[Row] = ()  # outbox rows that do not leave, and on which ground
    protected: Sequence[Row] = ()  # subjects whose location is protected from now on
    changed: Sequence[Row] = ()  # subjects about whom something else counts now
    undecided: Sequence[Row] = ()  # of the inbox, while policies could not be evaluated


COLUMNS = {
    "subject": ("id", "kind", "state", "area", "protected", "forename", "birth_date", "since"),
    "subject_key": ("subject", "wrapped"),
    "identifier": ("digest", "subject", "source"),
    "allow_list": ("subject", "organisation", "source"),
    "inbox": (
        "publisher",
        "id",
        "type",
        "thread",
        "lane",
        "level",
        "subject",
        "match",
        "match_why",
        "reference",
        "correlation",
        "doubted",
        "candidates",
        "token_sha256",
        "wrapped_key",
        "body",
        "topic",
        "partition",
        "at_offset",
        "issued",
        "received",
    ),
    "ruling": ("id", "policy", "level_used", "question", "extents", "because", "bases", "duties"),
    "decision": (
        "id",
        "publisher",
        "notification",
        "subject",
        "organisation",
        "role",
        "why",
        "ruling",
        "outcome",
        "ground",
        "round",
        "rests",
        "at",
    ),
    "outbox": (
        "kind",
        "disclosure",
        "decision",
        "publisher",
        "notification",
        "organisation",
        "lane",
        "claims",
        "held",
        "ring",
        "leaf_commit",
        "policy",
        "facts",
        "good_until",
        "recalls",
        "created",
    ),
    "alert": (
        "id",
        "disclosure",
        "organisation",
        "role",
        "subject",
        "publisher",
        "notification",
        "level",
        "must_see",
        "created",
    ),
    "leaf_waiting": ("entry", "disclosure", "organisation", "subject", "wrapped_key", "record"),
    "relationship": ("subject", "organisation", "role", "kind", "since", "until", "source"),
    "relationship_end": ("until", "subject", "organisation", "role", "kind"),
    "round": ("publisher", "notification", "round", "why", "statement", "candidates", "at"),
    "superseded": ("reason", "disclosure"),
    "protected": ("subject",),
    "changed": ("subject",),
    "undecided": ("publisher", "notification", "since"),
}
