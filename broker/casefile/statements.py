"""
Statements of a case, written in short, read as those that arrive: through their schema.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from broker.casefile.concern import letters, spoken
from broker.casefile.written import WrittenStatement
from broker.domain.ids import NotificationId, OrganisationId, Pseudonym, SubjectId, ThreadId
from broker.domain.known import Known, Rules
from broker.domain.notification import Notification, Routing
from broker.domain.sharing import SourceOfHarm, Statement
from broker.domain.words import Agency, ConsentState, Level, LevelState, Urgency
from broker.errors import Malformed
from broker.objections import REASONS, objection_to
from broker.partnership import Partnership
from broker.schemas import fault_in
from broker.statements import sharing_from, statement_from

_ID_LETTERS = 26


def heard(
    written: WrittenStatement,
    before: Sequence[Statement],
    *,
    concern: Notification,
    partnership: Partnership,
    rules: Rules,
    number: str = "",
) -> list[Statement]:
    """
    The statement, read as one that arrived after those `before` it; a directive whose giver's
    conflict makes it void brings that with it. Raises Malformed: the path that does not fit its
    schema, or why the broker would turn it away.
    """
    body = partnership.organisations.get(OrganisationId(written.by.organisation))
    if body is None:
        raise Malformed(
            "statement", f"by.organisation: {written.by.organisation}: not in the directory"
        )
    said, void = _as_sent(written)
    if written.concern is not None:
        said["concern"] = concern.thread
    made = _id(written.id) if written.id else letters("statement", number, str(written.made))
    data = _statement_data(written, body.agency, made, said)
    if fault := fault_in(written.type, data):
        raise Malformed("statement", f"{fault}: see the schema of {written.type}")
    arrived = _arrived(written, body.agency, made, said)
    known = _known(concern, before, arrived.received)
    if reason := objection_to(arrived, known, partnership.directory(), rules):
        raise Malformed("statement", f"turned away, {reason}: {REASONS[reason]}")
    statement = statement_from(arrived)
    return [statement, *_void(void, statement)]


def _known(concern: Notification, before: Sequence[Statement], now: datetime) -> Known:
    """What the broker knows of the concern when a statement about it arrives."""
    subject = SubjectId("s_the_subject_of_the_case")
    return Known(
        now=now,
        unused={},
        threads={concern.thread: subject},
        wrote={concern.thread: concern.publisher},
        sharing={subject: sharing_from(before)},
    )


def _as_sent(written: WrittenStatement) -> tuple[dict[str, Any], str | None]:
    """What the statement says, as its schema has it; and whom a conflict of interest makes void."""
    by = {"person": written.by.person}
    if written.by.role is not None:
        by["role"] = written.by.role.value
    said: dict[str, Any] = {"by": by, **written.said}
    if "override" in said:
        said["override"] = _id(str(said["override"]))
    directive = said.get("directive")
    if not isinstance(directive, dict):
        return said, None
    kept = {
        name: value for name, value in directive.items() if name not in {"subject", "recorded_by"}
    }
    giver = {
        name: value for name, value in dict(kept.get("giver", {})).items() if value is not None
    }
    void = giver.pop("void_conflict", False) is True
    said["directive"] = {**kept, "giver": giver}
    return said, str(giver.get("person")) if void else None


def _id(word: str) -> str:
    return word if len(word) == _ID_LETTERS else letters("statement", word)


def _statement_data(
    written: WrittenStatement, agency: Agency, made: str, said: Mapping[str, Any]
) -> dict[str, Any]:
    """A whole statement before signing, so that its schema can be asked."""
    return {
        "iss": written.by.organisation,
        "iat": int(written.made.timestamp()),
        "jti": made,
        "thread": letters("thread of", made),
        "sub": "ps:" + "A" * 22,
        "schema_version": "1.0",
        "type": written.type.value,
        "agency": agency.value,
        "reference": spoken(made),
        "urgency": Urgency.ROUTINE.value,
        "native": {
            "made_by": "person",
            "format": "form",
            "reference": made,
            "received": written.made.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "sha256": "0" * 64,
        },
        "fact": said,
    }


def _arrived(
    written: WrittenStatement, agency: Agency, made: str, said: Mapping[str, Any]
) -> Notification:
    return Notification(
        id=NotificationId(made),
        thread=ThreadId(letters("thread of", made)),
        type=written.type,
        publisher=OrganisationId(written.by.organisation),
        agency=agency,
        source="",
        pseudonym=Pseudonym(""),
        level=Level.UNIVERSAL,
        level_state=LevelState.CONFIRMED,
        urgency=Urgency.ROUTINE,
        reference=spoken(made),
        issued=written.made.astimezone(UTC),
        received=(written.recorded or written.made).astimezone(UTC),
        routing=Routing(consent_state=ConsentState.NOT_SOUGHT_IMPRACTICABLE),
        claims={"fact": said},
        token="",
    )


def _void(person: str | None, directive: Statement) -> list[Statement]:
    if person is None:
        return []
    return [
        SourceOfHarm(
            id=NotificationId(letters("void conflict", directive.id)),
            by=directive.by,
            made=directive.made,
            recorded=directive.recorded,
            person=person,
            words="void_conflict",
        )
    ]
