"""`broker watch`: live figures."""

import tempfile
from collections.abc import Callable

import faust

from broker.app import clock
from broker.partnership import read_partnership
from broker.settings import Settings
from broker.watch import Figures, watching


def watch(settings: Settings, *, show: Callable[[str], None], every: float) -> faust.App:
    """`broker watch`: counts what is on its way, and shows it; nothing depends on it."""
    partnership = read_partnership(settings.directory)
    owners = {
        topic: owner
        for topic, owner in partnership.owners().items()
        if topic.startswith("concerns.")
    }
    figures = Figures(owners=owners, since=clock())
    scratch = tempfile.mkdtemp(prefix="cb-watch-")  # Faust wants a folder; nothing is kept in it
    return watching(
        settings.kafka,
        sorted(owners),
        figures,
        now=clock,
        show=show,
        every=every,
        datadir=scratch,
    )
