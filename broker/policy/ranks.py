"""In which order a because names policies: precedence.yaml. It decides nothing."""

from collections.abc import Iterable, Sequence

from broker.domain.ids import PolicyId


def ranked(ids: Iterable[PolicyId], precedence: Sequence[str]) -> tuple[PolicyId, ...]:
    """Highest rank first, since that basis is named first."""
    return tuple(
        sorted(ids, key=lambda one: ([not one.startswith(rank) for rank in precedence], one))
    )
