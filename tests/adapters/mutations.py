"""Any JSON, and samples with any part replaced: what a reader must survive."""

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

_NAMES = (
    "resourceType", "code", "coding", "system", "status", "subject", "entry", "resource",
    "la_child_id", "child_details", "social_care_episodes", "social_care_episode_id", "purge",
)  # fmt: skip
_VALUES = ("Flag", "Bundle", "Patient", "836881000000105", "1A", "2026-02-31", "2026-11-20")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(_VALUES),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(_NAMES) | st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=12,
)

Path = tuple[Any, ...]


def paths(value: Any, at: Path = ()) -> list[Path]:
    """Every place in a document."""
    if isinstance(value, dict):
        return [at, *(each for name in value for each in paths(value[name], (*at, name)))]
    if isinstance(value, list):
        return [at, *(each for n, item in enumerate(value) for each in paths(item, (*at, n)))]
    return [at]


def replaced(value: Any, path: Path, other: Any) -> Any:
    """The document with what stands at one place replaced."""
    if not path:
        return other
    step, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[step] = replaced(value[step], tuple(rest), other)
    return copy


ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    7,
    1.5,
    "",
    "x",
    [],
    {},
    [[]],
    [None],
    {"a": []},
    [{"coding": [[]]}],
)


def oddities(document: Any) -> Iterator[Any]:
    """The document with each of its places replaced by each thing that nobody promised."""
    for path in paths(document):
        for odd in ODD:
            yield replaced(document, path, odd)
