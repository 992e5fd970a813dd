"""
The HTTP transport: POST the native bytes, get 202 when Kafka has them (FORMATS.md 2).

For agencies' systems beside the adapter, on loopback or behind the site's own proxy.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from adapters.edge import Edge
from broker.errors import KafkaUnavailable

MOST_BYTES = 16 * 1024 * 1024


def adapter_app(
    feeds: Mapping[str, Edge],
    now: Callable[[], datetime],
) -> FastAPI:
    """One route for each feed: POST /feeds/<name>."""
    app = FastAPI(title="Adapter", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "alive"}

    @app.post("/feeds/{name}")
    async def take(name: str, request: Request) -> JSONResponse:
        edge = feeds.get(name)
        if edge is None:
            return _problem(404, "no_such_feed", "This adapter has no feed of that name.")
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                told = f"At most {MOST_BYTES} bytes; send fewer messages at once."
                return _problem(413, "too_large", told)
        try:
            answers = await edge.take(bytes(body), now())
        except KafkaUnavailable:
            told = "Nothing was lost, and nothing was taken in: send it again."
            return _problem(503, "try_again", told, {"Retry-After": "10"})
        quarantined = any(answer.outcome == "quarantine" for answer in answers)
        messages = [
            {k: v for k, v in asdict(each).items() if v not in (None, "", ())} for each in answers
        ]
        return JSONResponse({"quarantined": quarantined, "messages": messages}, status_code=202)

    return app


def _problem(
    status: int, kind: str, told: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """RFC 9457: what happened and what to do, never what was sent."""
    return JSONResponse(
        {"type": f"urn:concern-broker:problem:{kind}", "title": told, "status": status},
        status_code=status,
        media_type="application/problem+json",
        headers=dict(headers or {}),
    )
