"""SQL stands in files, one name and one sentence a query; this reads them."""

import re
from collections.abc import Mapping
from importlib.resources import files


def queries(name: str) -> Mapping[str, bytes]:
    """The queries of `broker/store/<name>.sql`, by the name between dashes above each."""
    text = files("broker.store").joinpath(f"{name}.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- (\w+) --$", text, flags=re.MULTILINE)
    return {
        name: body.strip().encode() for name, body in zip(parts[1::2], parts[2::2], strict=True)
    }
