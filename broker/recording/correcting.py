"""What a correction leaves behind, as rows: where things stand now, who holds what, and why."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from broker.domain.correction import By, CorrectionKind
from broker.domain.identity import Profile
from broker.domain.ids import SubjectId
from broker.domain.kept import Linked
from broker.domain.known import Match
from broker.domain.pointer import NO_POLICY
from broker.domain.rows import Rows
from broker.identity.matching import Matching
from broker.identity.profile_text import text_from
from broker.ledger.entry import commitment, leaf_bytes
from broker.ports import Custody
from broker.recording.sheet import Chance, Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    What is moved from where to where. `match`: how each stands from now on; `keys`: the subjects'
    wrapped keys; `versions`: of the profiles as they were read.
    """

    kind: CorrectionKind
    subject: SubjectId
    other: SubjectId | None  # whom it was, or might have been
    moved: Sequence[Linked]
    match: Match
    profiles: Sequence[Profile]
    keys: Mapping[SubjectId, bytes]
    versions: Mapping[SubjectId, int]
    apart: Sequence[SubjectId] = ()  # whom it is not
    alike: Sequence[SubjectId] = ()  # of them, who was born on the same day
    redirected: SubjectId | None = None  # who is `subject` from now on
    is_new: bool = False
    by: By
    now: datetime

    @property
    def decided_by(self) -> str:
        """A person of an organisation, or what its system announced."""
        return f"{self.by.organisation} {self.by.notification or self.by.person}"


def rows_of_correction(plan: Plan, *, matching: Matching, custody: Custody, chance: Chance) -> Rows:
    """Everything before deciding again."""
    sheet = Sheet()
    if plan.is_new:
        _new(plan, sheet)
    for profile in plan.profiles:
        _profile(profile, plan, sheet, matching=matching, custody=custody)
    for each in plan.moved:
        _relinked(each, plan, sheet, custody)
    for other in plan.apart:
        pair = sorted((plan.subject, other))
        sheet.do_not_link.append((*pair, plan.kind.value, False, plan.decided_by, plan.now))
    sheet.born_alike += [tuple(sorted((plan.subject, other))) for other in plan.alike]
    if plan.redirected is not None:
        sheet.unkeyed.append((plan.redirected,))
        sheet.redirected.append((plan.redirected, plan.subject))
        sheet.taken_over.append((plan.subject, plan.redirected, plan.now))
    elif plan.other is not None and plan.moved:
        sheet.moved += [
            (f"{each.kept.publisher} {each.kept.id}", plan.other, plan.subject, plan.now)
            for each in plan.moved
        ]
    if plan.match.doubted:
        sheet.review.append((chance.review(), plan.subject, plan.now))
    sheet.changed += [(each,) for each in {plan.subject, *([plan.other] if plan.other else [])}]
    _leaf(plan, sheet, custody=custody, chance=chance)
    return sheet.rows()


def _new(plan: Plan, sheet: Sheet) -> None:
    profile = plan.profiles[0]
    state = "provisional" if profile.provisional else "confirmed"
    doubted = sorted(profile.doubted)
    sheet.subject.append(
        (plan.subject, profile.kind.value, state, None, profile.restricted, doubted, plan.now)
    )
    sheet.subject_key.append((plan.subject, plan.keys[plan.subject]))


def _profile(
    profile: Profile, plan: Plan, sheet: Sheet, *, matching: Matching, custody: Custody
) -> None:
    subject = profile.subject
    body = custody.keep(text_from(profile).encode(), subject_key=plan.keys[subject])
    sheet.profile[subject] = (subject, plan.versions.get(subject, 0) + 1, *body)
    sheet.unkeyed.append((subject,))
    held = matching.held_under(profile).items()
    sheet.blocking_key += [(value, subject, restricted) for value, restricted in held]
    if not plan.is_new:
        state = "provisional" if profile.provisional else "confirmed"
        sheet.standing.append((profile.kind.value, state, sorted(profile.doubted), subject))


def _relinked(each: Linked, plan: Plan, sheet: Sheet, custody: Custody) -> None:
    match, turn, doubted = plan.match, each.turn + 1, sorted(plan.match.doubted)
    follows = each.about != each.thread  # a statement stands where its concern stands
    why = "thread" if follows else match.why
    named = (each.kept.publisher, each.kept.id)
    wrapped = custody.rewrap(
        each.kept.wrapped_key, subject_key=each.kept.subject_key, other=plan.keys[plan.subject]
    )
    sheet.link_decision.append(
        (
            *named, turn, plan.subject, match.state.value, why, doubted,
            sorted(each.match.disputed), "[]", match.model, plan.decided_by, plan.now,
        )
    )  # fmt: skip
    sheet.relinked.append((turn, plan.subject, match.state.value, why, doubted, wrapped, *named))


def _leaf(plan: Plan, sheet: Sheet, *, custody: Custody, chance: Chance) -> None:
    """One audit entry: who said what of whom, under the subject's key."""
    salt = chance.salt()
    record = {
        "correction": plan.kind.value,
        "subject": plan.subject,
        "other": plan.other,
        "apart": list(plan.apart),
        "moved": [each.kept.id for each in plan.moved],
        "by": plan.decided_by,
    }
    entry = leaf_bytes(
        kind="corrected",
        at=plan.now,
        organisations=(plan.by.organisation,),
        references=(),
        policy=NO_POLICY,
        commit=commitment(salt, record),
    )
    sealed = json.dumps({"salt": salt.hex(), "record": record}).encode()
    wrapped, body = custody.keep(sealed, subject_key=plan.keys[plan.subject])
    sheet.leaf_waiting.append((entry, None, None, plan.subject, wrapped, body))
    made = f"{commitment(salt, record).hex()[:32]}"
    other = plan.other or (plan.apart[0] if plan.apart else None)
    sheet.correction.append((made, plan.kind.value, plan.subject, other, plan.decided_by, plan.now))
