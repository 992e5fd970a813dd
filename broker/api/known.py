"""
POST /v1/known, /v1/known/blind, /v1/known/tokens: does anybody know this child?

The four answers have one shape, one size and one time, so that who is withheld cannot be told from
who is not known (docs/decisions/0016). The signature is the authentication, as of a statement.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from broker.api.problems import MEDIA_TYPE, Problem, problem
from broker.api.token_body import token_in
from broker.domain.ids import OrganisationId
from broker.domain.inquiry import Answer, Evaluated, Told
from broker.encoding import base64url
from broker.errors import NotGenuine, Rejected, TryAgain, UnknownOrganisation

TOKEN = "application/jwt"  # noqa: S105 - a media type
MOST_BYTES = 16 * 1024
SIZE = 1024  # of an answer, in bytes; of a longer one the next multiple
_TO_DO = {
    "schema": "Correct what stands at this path, and sign it again.",
    "asked_before": "A question counts once: sign it again under another id.",
    "not_asked_blind_here": "This broker answers no blind questions now: ask in clear, or later.",
    "key_not_in_use": "The key has changed meanwhile: begin again with /v1/known/blind.",
    "no_element": "Send elements of P-256, compressed, as RFC 9497 blinds them.",
    "not_signed_just_now": "Sign it when you send it: it counts for five minutes.",
    "not_in_the_directory": "Only an organisation of the directory may ask here.",
}
_UNREADABLE = "Send one compact JWS, signed with Ed25519."
_NOT_BELIEVED = "Sign it with a key that the directory holds for you and that counts now."
_SAY = {
    Answer.KNOWN: "A service is involved: ring this desk.",
    Answer.NOT_KNOWN: "Nothing can be said here. If you are worried, ring your own hub.",
    Answer.COULD_NOT_CHECK: "We could not check. Ring your own hub.",
    Answer.REFUSED: "You may not ask this here, or have asked too often. Ring your own hub.",
}


class Ring(BaseModel):
    """A desk, and how it is reached."""

    model_config = ConfigDict(frozen=True)

    organisation: str
    role: str
    telephone: str
    hours: str


class Known(BaseModel):
    """One of four answers."""

    model_config = ConfigDict(frozen=True)

    answer: Answer
    say: str = Field(description="The same for a person")
    ring: Ring
    padding: str = Field(description="So that all answers are of one size")


class Elements(BaseModel):
    """Blinded elements, evaluated."""

    model_config = ConfigDict(frozen=True)

    key: str = Field(description="The id of the key, to be sent with the digests")
    elements: list[str] = Field(description="base64url, in the order in which they came")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What takes each of the three, and how an answer is made."""

    known: Callable[[bytes], Awaitable[Told]]
    evaluated: Callable[[bytes], Awaitable[Evaluated | Told]]
    by_tokens: Callable[[bytes], Awaitable[Told]]
    contacts: Mapping[OrganisationId, Mapping[str, str]]
    step: float = 0.25  # seconds: an answer leaves at a whole number of these after it was asked


def known(ways: Ways) -> APIRouter:
    """The routes. Nothing of a question stands in an answer, a URL or a log."""
    router = APIRouter(prefix="/v1")
    how: dict[str, Any] = {
        "response_model": Known,
        "responses": _RESPONSES,
        "openapi_extra": _TAKES,
    }

    @router.post("/known", summary="Does anybody know this child? Asked in clear", **how)
    async def ask(request: Request) -> Response:
        return await _answered(request, ways.known, ways)

    @router.post("/known/tokens", summary="The same, asked blind: the digests", **how)
    async def ask_by_tokens(request: Request) -> Response:
        return await _answered(request, ways.by_tokens, ways)

    blind = {**how, "response_model": Elements | Known}

    @router.post("/known/blind", summary="The same, asked blind: what to evaluate first", **blind)
    async def evaluate(request: Request) -> Response:
        return await _answered(request, ways.evaluated, ways)

    return router


async def _answered(
    request: Request, take: Callable[[bytes], Awaitable[Evaluated | Told]], ways: Ways
) -> Response:
    body = await token_in(request, media=TOKEN, most=MOST_BYTES)
    if isinstance(body, Response):
        return body
    loop = asyncio.get_running_loop()
    begun = loop.time()
    try:
        found = await take(body)
    except TryAgain:
        told = "Nothing is wrong with it: sign it again and send it."
        later = {"Retry-After": "5"}
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "try_again", told, headers=later)
    except Rejected as why:
        return _rejected(why)
    if ways.step:
        await asyncio.sleep(ways.step - (loop.time() - begun) % ways.step)
    if isinstance(found, Evaluated):
        elements = [base64url(each) for each in found.elements]
        return JSONResponse({"key": found.key, "elements": elements}, headers=_UNKEPT)
    return Response(body_of(found, ways.contacts), media_type="application/json", headers=_UNKEPT)


def body_of(told: Told, contacts: Mapping[OrganisationId, Mapping[str, str]]) -> bytes:
    """One shape and one size, whatever is told."""
    answer = Known(
        answer=told.answer,
        say=_SAY[told.answer],
        ring=Ring.model_validate(contacts[told.ring]),
        padding="",
    )
    fields = answer.model_dump(mode="json")
    plain = len(json.dumps(fields))
    fields["padding"] = "." * (-plain % SIZE)
    return json.dumps(fields).encode()


def _rejected(why: Rejected) -> JSONResponse:
    """401 for a signature that is not believed, 409 for a question that came before, else 422."""
    match why:
        case NotGenuine() | UnknownOrganisation():
            told = _TO_DO.get(why.reason, _NOT_BELIEVED)
            asks = {"WWW-Authenticate": 'JWS alg="Ed25519"'}
            return problem(HTTPStatus.UNAUTHORIZED, why.reason, told, headers=asks)
        case _ if why.reason == "asked_before":
            return problem(HTTPStatus.CONFLICT, why.reason, _TO_DO[why.reason])
        case _:
            told = _TO_DO.get(why.reason, _UNREADABLE)
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return problem(status, why.reason, told, detail=why.detail)


def _problem_of(description: str) -> dict[str, Any]:
    return {"description": description, "model": Problem, "content": {MEDIA_TYPE: {}}}


_UNKEPT = {"Cache-Control": "no-store"}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    401: _problem_of("The signature is not believed: unknown, revoked or wrong key, or not fresh"),
    409: _problem_of("The same question came before"),
    413: _problem_of("Too large"),
    415: _problem_of("Not a token"),
    422: _problem_of("Turned away: not as it should be, or not asked blind here"),
    503: _problem_of("Nothing was answered: sign it again"),
}
_TAKES = {
    "requestBody": {
        "required": True,
        "description": "A compact JWS whose payload broker/inquiring/reading.py describes.",
        "content": {TOKEN: {"schema": {"type": "string", "maxLength": MOST_BYTES}}},
    }
}
