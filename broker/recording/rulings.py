"""A ruling as it is written down: once for each question under one policy version."""

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache

from broker.domain.decision import Question, Ruling, question_fields
from broker.domain.ids import PolicyVersion
from broker.domain.rows import Row


@lru_cache(maxsize=10_000)
def ruling_id(question: Question, policy: PolicyVersion) -> str:
    """SHA-256 over the policy version and the question, since these two determine the ruling."""
    asked = json.dumps(question_fields(question), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{policy}\n{asked}".encode()).hexdigest()


def ruling_row(made: str, question: Question, ruling: Ruling) -> Row:
    extents = {category.value: extent.value for category, extent in ruling.extents.items()}
    because = {
        category.value: {
            "permits": list(reasons.permits),
            "forbids": list(reasons.forbids),
            "overruled": list(reasons.overruled),
        }
        for category, reasons in ruling.because.items()
    }
    return (
        made,
        ruling.policy,
        ruling.level_used.value,
        json.dumps(question_fields(question)),
        json.dumps(extents),
        json.dumps(because),
        json.dumps({category.value: asdict(each) for category, each in ruling.bases.items()}),
        sorted(ruling.duties),
    )
