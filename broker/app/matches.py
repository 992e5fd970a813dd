"""Doubtful matches, wired: what is sealed is opened, weighed and corrected by these parts."""

import secrets
from collections.abc import Callable

from psycopg_pool import AsyncConnectionPool

from broker.again import Deciding
from broker.console.places import Places
from broker.correcting import Correcting
from broker.desk_ports import Corrections
from broker.domain.identity import Profile, Weighed
from broker.domain.kept import Kept
from broker.identity.appearance import appearance_from
from broker.identity.guard import weighed
from broker.store.governing import Leaf as Happened
from broker.store.matched import Opening
from broker.store.postgres import Connection, PostgresStore
from broker.store.reviews import Naming, PostgresReviews


def weighing(decides: Deciding) -> Callable[[Kept, Profile], Weighed]:
    """What one concern says of a candidate, as it would be weighed if it came now."""

    def weigh(concern: Kept, held: Profile) -> Weighed:
        asked = appearance_from(decides.opened(concern).claims, concern.received.date())
        return weighed(asked, held, decides.matching)

    return weigh


def reviews(
    pool: AsyncConnectionPool[Connection],
    decides: Deciding,
    places: Places,
    leaf: Happened,
    corrections: Corrections | None = None,
) -> PostgresReviews:
    """Doubtful matches on this database, and what an answer corrects."""
    return PostgresReviews(
        pool=pool,
        opening=Opening(
            custody=decides.custody, notification=decides.opened, weigh=weighing(decides)
        ),
        corrections=corrections or Correcting(deciding=decides, store=PostgresStore(pool)),
        rules=lambda: decides.in_force(decides.now()).rules,
        directory=decides.directory,
        naming=Naming(
            organisation=places.name,
            recipient=lambda each: places.called(each.organisation, each.role),
        ),
        leaf=leaf,
        fresh_id=lambda: secrets.token_urlsafe(16),
    )
