"""What is made once: topics and tables."""

from collections.abc import Sequence

from broker.app.parts import parts
from broker.domain.topics import topics_of
from broker.kafka import make_topics
from broker.settings import Settings
from broker.store.migrate import migrate


async def topics(settings: Settings) -> Sequence[str]:
    """`broker topics`: make what the directory calls for."""
    found = parts(settings)
    names = topics_of(found.partnership.publishers, found.partnership.recipients)
    return await make_topics(settings.kafka, names, count=settings.partitions)


def prepare(settings: Settings) -> list[str]:
    """`broker migrate`."""
    return migrate(settings.database.get_secret_value())
