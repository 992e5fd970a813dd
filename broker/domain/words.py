"""
The words of the domain, as closed lists. One list here, one list in the Cedar schema: a test
holds them together. What a word means is in GLOSSARY.md.
"""

from enum import Enum, StrEnum
from functools import total_ordering
from typing import NoReturn


@total_ordering
class Ordered(Enum):
    """A closed list whose order is that of its lines. Not a number: it neither adds nor counts."""

    def __lt__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        order = list(type(self))
        return order.index(self) < order.index(other)


class Extent(Ordered):
    """How much of a category may pass, from least to most."""

    NOTHING = "nothing"
    EXISTENCE = "existence"
    SUMMARY = "summary"
    FULL = "full"

    def __bool__(self) -> NoReturn:
        raise TypeError("an extent is not yes or no: compare it with another Extent")


class Level(Ordered):
    """Level of need, from least to most."""

    UNIVERSAL = "universal"
    EARLY_HELP = "early_help"
    CHILD_IN_NEED = "child_in_need"
    SIGNIFICANT_HARM = "significant_harm"
    EMERGENCY = "emergency"


class Category(StrEnum):
    """A kind of information inside a concern: the unit of redaction."""

    IDENTITY = "identity"
    PROTECTED_LOCATION = "protected_location"
    CARE_STATUS = "care_status"
    NARRATIVE = "narrative"
    CHILDS_VOICE = "childs_voice"
    CHILD_HEALTH = "child_health"
    SENSITIVE_HEALTH = "sensitive_health"
    ADULT_HEALTH = "adult_health"
    POLICE_INCIDENT = "police_incident"
    POLICE_INTELLIGENCE = "police_intelligence"
    OFFENCES = "offences"
    EDUCATION = "education"
    FAMILY = "family"
    REFERRER = "referrer"


class Agency(StrEnum):
    HEALTH = "health"
    POLICE = "police"
    SCHOOLS = "schools"
    CHILDRENS_SERVICES = "childrens_services"


class Role(StrEnum):
    """What a recipient does. Which role may be told what is policy, never code."""

    MASH_SCREENER = "mash_screener"
    SOCIAL_WORKER = "social_worker"
    POLICE_PROTECTION = "police_protection"
    HEALTH_VISITOR = "health_visitor"
    GP = "gp"
    DESIGNATED_SAFEGUARDING_LEAD = "designated_safeguarding_lead"
    EARLY_HELP_WORKER = "early_help_worker"
    GOVERNANCE_OFFICER = "governance_officer"
    UNSCHEDULED_CARE = "unscheduled_care"


class RelationshipKind(StrEnum):
    """Why an organisation has to do with a subject. `NONE`: it has not, now."""

    NONE = "none"
    ALLOCATED = "allocated"
    ENROLLED = "enrolled"
    REGISTERED = "registered"
    OPEN_ENQUIRY = "open_enquiry"


class Gateway(StrEnum):
    """A statutory reason to share that does not wait for consent."""

    NONE = "none"
    OPERATION_ENCOMPASS = "operation_encompass"
    SECTION_47_REQUEST = "section_47_request"
    CP_IS_FLAG = "cp_is_flag"
    DUTY_TO_SHARE_16LA = "duty_to_share_16la"
    POLICE_PROTECTION_46 = "police_protection_46"
    FGM_5B = "fgm_5b"
    REFERRAL_ACKNOWLEDGEMENT = "referral_acknowledgement"


class ConsentState(StrEnum):
    """The eight states of a wish about sharing (DOMAIN.md 3.2)."""

    NOT_SOUGHT_UNSAFE = "not_sought_unsafe"
    NOT_SOUGHT_IMPRACTICABLE = "not_sought_impracticable"
    NOT_REQUIRED_STATUTORY = "not_required_statutory"
    SOUGHT_PENDING = "sought_pending"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class LevelState(StrEnum):
    PROPOSED = "proposed"
    NOT_SURE = "not_sure"
    CONFIRMED = "confirmed"


class Urgency(StrEnum):
    IMMEDIATE = "immediate"
    SAME_DAY = "same_day"
    ROUTINE = "routine"


class Lane(StrEnum):
    """The path a notification takes. The two share no worker, partition or connection pool."""

    EMERGENCY = "emergency"
    ROUTINE = "routine"


class DirectiveKind(StrEnum):
    """Three different things, never merged: only the last two are about sharing (DOMAIN.md 3.2)."""

    SERVICE_AGREEMENT = "service_agreement"
    INFORMATION_AGREEMENT = "information_agreement"
    LAWFUL_BASIS_CONSENT = "lawful_basis_consent"


class Capacity(StrEnum):
    """In what capacity somebody gives or refuses agreement (DOMAIN.md 3.2)."""

    ADULT_SELF = "adult_self"
    PR_HOLDER = "pr_holder"
    YOUNG_PERSON_16_17 = "young_person_16_17"
    CHILD_U16_COMPETENT = "child_u16_competent"
    COURT = "court"


class Office(StrEnum):
    """What a person answers for beside their role, as the directory says (DOMAIN.md 4.5)."""

    CALDICOTT_GUARDIAN = "caldicott_guardian"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    CHAIR = "chair"  # of the partnership, or their delegate


class ReviewOutcome(StrEnum):
    """What a second person found about an override (DOMAIN.md 4.4)."""

    UPHELD = "upheld"
    UPHELD_WITH_LEARNING = "upheld_with_learning"
    NOT_JUSTIFIED = "not_justified"


class EventType(StrEnum):
    """
    What a notification announces. The first two are about a concern, the next four are facts, the
    rest are statements: what a named person says about sharing.
    """

    CONCERN_RAISED = "concern.raised"
    CONCERN_RETRACTED = "concern.retracted"
    IDENTITY_CHANGED = "identity.changed"
    RELATIONSHIP_CHANGED = "relationship.changed"
    CASE_OPENED = "case.opened"
    CASE_CLOSED = "case.closed"
    CONSENT_RECORDED = "consent.recorded"
    SOURCE_OF_HARM_RECORDED = "source_of_harm.recorded"
    LEVEL_CONFIRMED = "level.confirmed"
    NECESSITY_RECORDED = "necessity.recorded"
    REFUSAL_WEIGHED = "refusal.weighed"
    DETRIMENT_RECORDED = "detriment.recorded"
    OVERRIDE_RAISED = "override.raised"
    OVERRIDE_REVIEWED = "override.reviewed"


STATEMENTS = frozenset(
    {
        EventType.CONSENT_RECORDED,
        EventType.SOURCE_OF_HARM_RECORDED,
        EventType.LEVEL_CONFIRMED,
        EventType.NECESSITY_RECORDED,
        EventType.REFUSAL_WEIGHED,
        EventType.DETRIMENT_RECORDED,
        EventType.OVERRIDE_RAISED,
        EventType.OVERRIDE_REVIEWED,
    }
)
"""What a named person says about sharing. Each is followed by deciding again what it bears on."""
