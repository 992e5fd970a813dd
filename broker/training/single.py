"""One record against a register, by Splink alone: the broker's own path is measured by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from broker.identity.names import Names
from broker.training.records import Record
from broker.training.settings import FINDING, table
from broker.training.train import Trained


@dataclass(frozen=True, slots=True)
class SingleRecords:
    """A register that stands ready, so that only the asking is timed."""

    trained: Trained
    names: Names
    _register: Any = field(repr=False)

    def matches(self, record: Record) -> Sequence[Mapping[str, Any]]:
        """Splink's row for each record of the register that shares a block with this one."""
        splink = self.trained.splink
        one = splink.backend.register(table([record], self.names), table_name=f"one_{uuid4().hex}")
        found = splink.linker.inference.predict_between(
            self._register,
            one,
            blocking_rules_to_generate_predictions=list(FINDING),
            warning_mode="never",
        )
        return found.as_record_list()


def single_records(trained: Trained, names: Names) -> SingleRecords:
    register = trained.splink.backend.register(
        table(trained.register, names), table_name=f"register_{uuid4().hex}"
    )
    return SingleRecords(trained, names, register)
