"""A signed token as the body of a request: of one media type, no longer than may be read."""

from http import HTTPStatus

from fastapi import Request, Response

from broker.api.problems import problem


async def token_in(request: Request, *, media: str, most: int) -> bytes | Response:
    """Its bytes; or the answer that says what to send. `most`: bytes, of which no more are read."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != media:
        told = f"Send it as {media}."
        return problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media_type", told)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            told = f"At most {most} bytes."
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", told)
    return bytes(body)
