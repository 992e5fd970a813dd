"""
What a batch leaves behind, as rows: subjects first met, the inbox, rulings, decisions, the outbox,
alerts, and one leaf for the ledger for each thing that happened.

No I/O: salts, ids and keys come from `chance` and `custody`. The transaction writes the rows as
they are.
"""

from collections.abc import Sequence

from broker.domain.batch import Again, Outcome
from broker.domain.ids import PolicyVersion, SubjectId
from broker.domain.known import Known, Rules
from broker.domain.pointer import NO_POLICY, Unchecked
from broker.domain.rows import Rows
from broker.domain.words import STATEMENTS, EventType
from broker.ports import Custody
from broker.recording.arrival import accepted, keep, received
from broker.recording.decisions import decided, recalled
from broker.recording.learning import learn, meet, relate
from broker.recording.pointing import pointed
from broker.recording.sheet import Chance, Record, Sheet

CHANGES = STATEMENTS | {EventType.CASE_CLOSED}
"""After one of these something else may count for its subject."""

__all__ = ["Chance", "rows_from", "rows_of_rounds", "rows_of_unchecked"]


def rows_from(
    outcomes: Sequence[Outcome],
    known: Known,
    *,
    policy: PolicyVersion,
    rules: Rules,
    custody: Custody,
    chance: Chance,
) -> Rows:
    """Every row that these outcomes leave behind, each exactly once."""
    sheet, keys = Sheet(), dict(known.subject_keys)
    for outcome in outcomes:
        record = _arrived(
            outcome, known, keys=keys, sheet=sheet, policy=policy, custody=custody, chance=chance
        )
        relate(outcome, sheet, rules, known.now)
        if outcome.genuine.notification.type in CHANGES:
            sheet.changed.append((outcome.match.subject,))
        for result in outcome.results:
            decided(result, record)
    return sheet.rows()


def rows_of_unchecked(
    taken: Sequence[Unchecked], known: Known, *, custody: Custody, chance: Chance
) -> Rows:
    """What concerns leave behind that could not be decided: kept, receipted, and pointed out."""
    sheet, keys = Sheet(), dict(known.subject_keys)
    for each in taken:
        outcome = Outcome(genuine=each.genuine, match=each.match, results=())
        record = _arrived(
            outcome, known, keys=keys, sheet=sheet, policy=NO_POLICY, custody=custody, chance=chance
        )
        notification = each.genuine.notification
        sheet.undecided.append((notification.publisher, notification.id, known.now))
        for pointer in each.pointers:
            pointed(pointer, record)
    return sheet.rows()


def _arrived(
    outcome: Outcome,
    known: Known,
    *,
    keys: dict[SubjectId, bytes],
    sheet: Sheet,
    policy: PolicyVersion,
    custody: Custody,
    chance: Chance,
) -> Record:
    """Subject, inbox row, leaf and accepted receipt. `keys` grows by a subject first met."""
    subject = outcome.match.subject
    if subject not in keys:
        keys[subject] = meet(outcome, known, sheet, custody)
    learn(outcome, known, sheet, key=keys[subject], custody=custody, chance=chance)
    keep(outcome, keys[subject], sheet, custody, known.now)
    record = Record(
        outcome.genuine, subject, keys[subject], sheet, custody, chance, policy,
        known.facts.get(subject, 0), known.now,
    )  # fmt: skip
    commit = record.leaf("received", received(outcome))
    sheet.outbox.append(accepted(outcome.genuine, commit, policy, known.now))
    return record


def rows_of_rounds(
    rounds: Sequence[Again],
    known: Known,
    *,
    policy: PolicyVersion,
    custody: Custody,
    chance: Chance,
) -> Rows:
    """What deciding again leaves behind: a decision for everybody asked, what no longer leaves."""
    sheet = Sheet()
    for again in rounds:
        genuine, subject = again.earlier.genuine, again.earlier.match.subject
        record = Record(
            genuine, subject, known.subject_keys[subject], sheet, custody, chance, policy,
            known.facts.get(subject, 0), known.now,
        )  # fmt: skip
        asked = [
            f"{each.decision.recipient.organisation} {each.decision.recipient.role.value}"
            for each in again.results
        ]
        notification = genuine.notification
        sheet.round.append(
            (
                notification.publisher,
                notification.id,
                again.round,
                again.cause.why,
                again.cause.statement,
                asked,
                known.now,
            )
        )
        sheet.superseded += [(ground, each.disclosure) for each, ground in again.superseded]
        for result in again.results:
            decided(result, record, again.round)
        for recall in again.recalls:
            recalled(recall, record)
    return sheet.rows()
