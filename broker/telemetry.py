"""
Logs: a fixed sentence plus ids and figures, one JSON object a line on stderr. The ledger, not the
log, records who saw what; a name that is not on the list below is not written.
"""

import json
import logging
import sys
from collections.abc import Mapping
from typing import Final

_ALLOWED: Final = frozenset(
    (
        "agency",
        "application",
        "at",
        "count",
        "decision",
        "disclosure",
        "fault",
        "lane",
        "leaf",
        "notification",
        "offset",
        "organisation",
        "partition",
        "process",
        "publisher",
        "reason",
        "size",
        "topic",
        "version",
    )
)


def say(log: logging.Logger, sentence: str, **figures: str | int | float) -> None:
    """One line: fixed text, and of the figures those whose names are allowed."""
    log.info("%s", _line(sentence, figures))


def call(log: logging.Logger, sentence: str, **figures: str | int | float) -> None:
    """The same at error level: a person is called."""
    log.error("%s", _line(sentence, figures))


def _line(sentence: str, figures: Mapping[str, str | int | float]) -> str:
    kept = {name: value for name, value in figures.items() if name in _ALLOWED}
    return json.dumps({"said": sentence, **kept}, ensure_ascii=True)


def begin_logging(process: str) -> None:
    """This process's log goes to stderr; libraries say only what is wrong, without their data."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(f"%(asctime)s {process} %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.ERROR)
    logging.getLogger("broker").setLevel(logging.INFO)
    logging.getLogger("adapters").setLevel(logging.INFO)
