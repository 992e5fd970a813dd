"""
What a batch leaves behind, as rows: subjects first met, the inbox, rulings, decisions, the outbox,
alerts, and one leaf for the ledger for each thing that happened.

No I/O: salts, ids and keys come from `chance` and `custody`. The transaction writes the rows as
they are.
"""

from collections.abc import Sequence

from broker.domain.batch import Again, Outcome
from broker.domain.ids import PolicyVersion
from broker.domain.known import Known, Rules
from broker.domain.rows import Rows
from broker.domain.words import STATEMENTS, EventType
from broker.ports import Custody
from broker.recording.arrival import accepted, keep, received
from broker.recording.decisions import decided, recalled
from broker.recording.learning import learn, meet, relate
from broker.recording.sheet import Chance, Record, Sheet

CHANGES = STATEMENTS | {EventType.CASE_CLOSED}
"""After one of these something else may count for its subject."""

__all__ = ["Chance", "rows_from", "rows_of_rounds"]


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
    sheet = Sheet()
    keys = dict(known.subject_keys)
    for outcome in outcomes:
        subject = outcome.match.subject
        if subject not in keys:
            keys[subject] = meet(outcome, sheet, custody, known.now)
        learn(outcome, known, sheet)
        relate(outcome, sheet, rules, known.now)
        keep(outcome, keys[subject], sheet, custody, known.now)
        record = Record(
            outcome.genuine, subject, keys[subject], sheet, custody, chance, policy,
            known.facts.get(subject, 0), known.now,
        )  # fmt: skip
        commit = record.leaf("received", received(outcome))
        sheet.outbox.append(accepted(outcome.genuine, commit, policy, known.now))
        if outcome.genuine.notification.type in CHANGES:
            sheet.changed.append((subject,))
        for result in outcome.results:
            decided(result, record)
    return sheet.rows()


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
