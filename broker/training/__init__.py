"""
Weights are trained here, offline, by Splink (optional: pip install 'concern-broker[identity]'), and
scored online without it (broker/identity/compare.py).

    records.py    rows of a register and of notifications, normalised
    settings.py   Splink's settings: the SQL twin of each level
    train.py      train(records) -> Trained
    parity.py     no model is written unless Splink and the broker weigh alike
    single.py     one record against a register, by Splink alone

Start at train.py.
"""

from broker.training.parity import Parity, parity, refuse_unless_alike
from broker.training.records import Record, record_from
from broker.training.single import SingleRecords, single_records
from broker.training.train import Trained, pairs_found, scores, train

__all__ = [
    "Parity",
    "Record",
    "SingleRecords",
    "Trained",
    "pairs_found",
    "parity",
    "record_from",
    "refuse_unless_alike",
    "scores",
    "single_records",
    "train",
]
