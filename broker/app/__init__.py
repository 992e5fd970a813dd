"""
Wiring, by hand: this folder knows every other and no rule. One function builds one process; the
only places that ask the clock and draw random values are here and in the commands.
"""

from broker.app.delivering import deliver, receive
from broker.app.desk import desk, happened, looked
from broker.app.parts import clock, custody, parts, stopping
from broker.app.processes import carry, keep_ledger, prepare, topics, watch

__all__ = [
    "carry",
    "clock",
    "custody",
    "deliver",
    "desk",
    "happened",
    "keep_ledger",
    "looked",
    "parts",
    "prepare",
    "receive",
    "stopping",
    "topics",
    "watch",
]
