"""
One child's record, whichever format it was read from: who it is, and each episode of social care as
a concern and its facts. Its shape is that of the CSC API; census and workbook are read into it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from adapters.childrens_services.cases import changes, facts, withdrawn
from adapters.childrens_services.child import Child, child_from, is_purged
from adapters.childrens_services.referral import concern
from adapters.contract import Event, Item, Nothing, Quarantined, Site
from adapters.walk import Object, one, text
from broker.domain.words import EventType

FACTS_ONLY = "facts_only"
"""Of an episode that a list of plans or enquiries names: its referral is told elsewhere."""


def items_of(
    record: Object,
    native: bytes,
    site: Site,
    form: str,
    *,
    unread: Sequence[tuple[str, str]] = (),
) -> Iterator[Item]:
    """Everything that a record says, one Item at least."""
    child = child_from(record, native, site, form, unread)
    if child is None:
        yield Quarantined(reason="no_subject", detail="la_child_id")
        return
    written = record.get("social_care_episodes")
    episodes = written if isinstance(written, list) else [] if written is None else [written]
    yield from changes(child, purged_details=is_purged(one(record.get("child_details"))))
    for episode in episodes:
        yield from _episode(child, episode, purged=is_purged(record))
    if not episodes:
        yield _without_episodes(record)


def _without_episodes(record: Object) -> Item:
    """A child withdrawn whole, by a message that does not say what of it was told: for a person."""
    if is_purged(record):
        return Quarantined(reason="retraction_without_original", detail="social_care_episodes")
    return Nothing(reason="no_episode")


def _episode(child: Child, episode: Any, *, purged: bool) -> Iterator[Item]:
    reference = text(episode.get("social_care_episode_id")) if isinstance(episode, dict) else ""
    if not reference:
        yield Quarantined(reason="not_this_format", detail="social_care_episode_id")
    elif purged or is_purged(episode):
        yield _retraction(child, reference)
        yield from withdrawn(child, episode, reference)
    else:
        if not episode.get(FACTS_ONLY):
            yield concern(child, episode, reference)
        yield from facts(child, episode, reference)


def _retraction(child: Child, reference: str) -> Event:
    return Event(
        type=EventType.CONCERN_RETRACTED,
        reference=reference,
        version="purged",
        subject_key=child.key,
        plain={"reason": "entered_in_error"},
        native=child.original(),
    )
