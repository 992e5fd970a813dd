"""Problems as RFC 9457 has them: what happened and what to do, never what was sent."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """RFC 9457."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="urn:concern-broker:problem: and the reason")
    title: str = Field(description="What to do")
    status: int
    reason: str = Field(description="One short word from a closed list")
    detail: str | None = Field(default=None, description="A path and the rule, never a value")


def problem(
    status: HTTPStatus,
    reason: str,
    title: str,
    *,
    detail: str = "",
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An answer that a person can act on."""
    body = Problem(
        type=f"urn:concern-broker:problem:{reason}",
        title=title,
        status=status.value,
        reason=reason,
        detail=detail or None,
    )
    return JSONResponse(
        body.model_dump(exclude_none=True),
        status_code=status.value,
        media_type=MEDIA_TYPE,
        headers=dict(headers or {}),
    )
