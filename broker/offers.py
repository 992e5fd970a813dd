"""
What one person may say about a concern, as policies/ has it: so that nobody is offered what would
be turned away. What is said is checked again when it is said (objections.py).
"""

from broker.domain.known import Rules
from broker.domain.rules import MayRecord
from broker.domain.words import EventType, Role


def offered(role: Role | None, rules: Rules, *, published: bool) -> list[EventType]:
    """The statements that somebody in this role may make; `published`: the concern is theirs."""
    said = rules.statements
    may = {
        EventType.CONSENT_RECORDED: True,  # whoever hears a wish writes it down
        EventType.LEVEL_CONFIRMED: bool(role and rules.may_confirm.get(role)),
        EventType.NECESSITY_RECORDED: _may(said.necessity, role, published=published),
        EventType.REFUSAL_WEIGHED: _may(said.weighing, role, published=published),
        EventType.OVERRIDE_RAISED: role in rules.overrides.may_raise,
        EventType.DETRIMENT_RECORDED: _may(said.detriment, role, published=published),
        EventType.SOURCE_OF_HARM_RECORDED: _may(said.source_of_harm, role, published=published),
    }
    return [kind for kind, allowed in may.items() if allowed]


def reviews(role: Role | None, rules: Rules) -> bool:
    """Whether overrides of others wait for this role's review."""
    return role in rules.overrides.may_review


def sees_recipients(role: Role | None, rules: Rules) -> bool:
    """
    Whether this role is shown by name who else would be told: whoever may decide whom to tell. For
    others, that an organisation has to do with a child can itself be what they are not told.
    """
    return role in rules.overrides.may_raise


def sees_figures(role: Role | None, rules: Rules) -> bool:
    """Whether this role is shown how long overrides have waited, and the figures of the service."""
    return role in rules.overrides.figures_for


def _may(rule: MayRecord, role: Role | None, *, published: bool) -> bool:
    return role in rule.roles or (rule.publisher and published)
