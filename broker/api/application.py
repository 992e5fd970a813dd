"""The web application. Problems say what to do (RFC 9457) and never what was sent."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from broker.api.known import Ways, known
from broker.api.statements import Take, statements
from broker.errors import PoliciesUnusable

Ready = Callable[[], Awaitable[bool]]
Answer = Callable[[Request, Exception], Awaitable[Response]]


def application(
    console: APIRouter,
    take: Take,
    ready: Ready,
    could_not_check: Answer | None = None,
    ways: Ways | None = None,
) -> FastAPI:
    """
    `take` records one signed statement; `ready` answers whether the database does;
    `could_not_check` is the console's page while policies cannot be evaluated; `ways` answer
    whether a child is known.
    """
    app = FastAPI(
        title="Concern broker",
        version="1.0.0",
        summary="What systems may say to the broker over HTTP",
        docs_url=None,
        redoc_url=None,
    )
    app.add_exception_handler(RequestValidationError, _invalid)
    if could_not_check is not None:
        app.add_exception_handler(PoliciesUnusable, could_not_check)

    @app.get("/livez", summary="Whether the process lives")
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", summary="Whether the database answers")
    async def readyz() -> JSONResponse:
        answers = await ready()
        body = {"database": "answers" if answers else "does not answer"}
        return JSONResponse(body, status_code=200 if answers else 503)

    app.include_router(statements(take))
    if ways is not None:
        app.include_router(known(ways))
    app.include_router(console)
    return app


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Field paths and rules only: FastAPI's own answer would echo the input."""
    del request
    found = error.errors() if isinstance(error, RequestValidationError) else []
    fields = [{"field": ".".join(map(str, each["loc"])), "rule": each["type"]} for each in found]
    body = {"type": "urn:concern-broker:problem:invalid", "title": "Not valid", "errors": fields}
    return JSONResponse(body, status_code=422, media_type="application/problem+json")
