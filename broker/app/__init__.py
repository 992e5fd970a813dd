"""
Wiring, by hand: this folder knows every other and no rule. One function builds one process; the
only places that ask the clock and draw random values are here and in the commands.

Whoever needs one process imports its module: all of them together take seconds to load.
"""

from datetime import UTC, datetime


def clock() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the one place
