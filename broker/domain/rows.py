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
    profile: Sequence[Row] = ()
    unkeyed: Sequence[Row] = ()  # subjects whose keys are made anew
    blocking_key: Sequence[Row] = ()
    household_member: Sequence[Row] = ()
    born_alike: Sequence[Row] = ()
    standing: Sequence[Row] = ()  # subjects: what they are, and whom they might be, if in doubt
    review: Sequence[Row] = ()
    correction: Sequence[Row] = ()
    do_not_link: Sequence[Row] = ()
    redirected: Sequence[Row] = ()  # subjects that are another from now on
    relinked: Sequence[Row] = ()  # notifications that stand under another subject from now on
    moved: Sequence[Row] = ()  # relationships that a moved notification brought
    taken_over: Sequence[Row] = ()  # everything that a redirected subject had
    allow_list: Sequence[Row] = ()
    inbox: Sequence[Row] = ()
    link_decision: Sequence[Row] = ()
    link: Sequence[Row] = ()
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
    "subject": ("id", "kind", "state", "area", "protected", "doubted", "since"),
    "subject_key": ("subject", "wrapped"),
    "profile": ("subject", "version", "wrapped_key", "body"),
    "blocking_key": ("key", "subject", "restricted"),
    "household_member": ("household", "subject", "evidence", "since"),
    "born_alike": ("a", "b"),
    "standing": ("kind", "state", "doubted", "subject"),
    "review": ("id", "subject", "opened"),
    "unkeyed": ("subject",),
    "correction": ("id", "kind", "subject", "other", "decided_by", "at"),
    "do_not_link": ("a", "b", "reason", "restricted", "decided_by", "at"),
    "redirected": ("other", "subject"),
    "relinked": (
        "turn",
        "subject",
        "match",
        "match_why",
        "doubted",
        "wrapped_key",
        "publisher",
        "notification",
    ),
    "moved": ("source", "subject", "other", "now"),
    "taken_over": ("subject", "other", "now"),
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
    "link_decision": (
        "publisher",
        "notification",
        "turn",
        "subject",
        "verdict",
        "why",
        "doubted",
        "disputed",
        "evidence",
        "model",
        "decided_by",
        "at",
    ),
    "link": (
        "publisher",
        "notification",
        "turn",
        "about",
        "subject",
        "match",
        "match_why",
        "doubted",
        "disputed",
        "wrapped_key",
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
