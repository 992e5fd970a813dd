"""
POST /v1/statements: what a named person says about sharing, as a signed token. It counts once it is
answered 201. The signature is the authentication: it must be a key of the directory, not revoked.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from broker.api.problems import MEDIA_TYPE, Problem, problem
from broker.api.token_body import token_in
from broker.domain.effect import Said
from broker.errors import NotGenuine, PoliciesUnusable, Rejected, TryAgain, UnknownOrganisation
from broker.objections import REASONS

Take = Callable[[bytes], Awaitable[Said]]
"""Returns once the statement counts. Raises Rejected or TryAgain."""

TOKEN = "application/sd-jwt"  # noqa: S105 - a media type
MOST_BYTES = 512 * 1024  # of a token: sdjwt.MOST_BYTES, which reads no longer one
_SAID_OTHERWISE = "same_id_other_token"
_TO_DO = {
    "schema": "Correct what stands at this path, and sign it again.",
    "not_a_statement": "Send concerns and facts through your adapter. This takes statements.",
    "no_such_subject": "Name the concern, or a child whom this broker holds.",
    "not_in_the_directory": "Only an organisation of the directory may say something here.",
    **REASONS,
}
_UNREADABLE = "Send one compact SD-JWT, signed with Ed25519, as an adapter signs it."
_NOT_BELIEVED = "Sign it with a key that the directory holds for you and that counts now."


class Recorded(BaseModel):
    """A statement that counts."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="The statement's own id, from its token")
    status: str = Field(description="recorded, or recorded_before")
    in_force_since: datetime = Field(description="From then on nothing leaves that it stops")


def statements(take: Take) -> APIRouter:
    """The route, around whatever takes a token."""
    router = APIRouter(prefix="/v1")

    @router.post(
        "/statements",
        status_code=201,
        summary="Say something about sharing: a wish, a confirmation, an override, a review",
        response_model=Recorded,
        responses=_RESPONSES,
        openapi_extra=_TAKES,
    )
    async def say(request: Request) -> Response:
        body = await token_in(request, media=TOKEN, most=MOST_BYTES)
        if isinstance(body, Response):
            return body
        try:
            said = await take(body)
        except (TryAgain, PoliciesUnusable):  # as little is wrong with it
            told = "Nothing was recorded, and nothing is wrong with it: send it again."
            later = {"Retry-After": "5"}
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "try_again", told, headers=later)
        except Rejected as why:
            return _rejected(why)
        return _recorded(said)

    return router


def _recorded(said: Said) -> JSONResponse:
    body = Recorded(
        id=said.id,
        status="recorded_before" if said.repeated else "recorded",
        in_force_since=said.in_force_since,
    )
    return JSONResponse(body.model_dump(mode="json"), status_code=200 if said.repeated else 201)


def _rejected(why: Rejected) -> JSONResponse:
    """401 for a signature that is not believed, 409 for two statements of one id, else 422."""
    match why:
        case NotGenuine() | UnknownOrganisation():
            told = _TO_DO.get(why.reason, _NOT_BELIEVED)
            asks = {"WWW-Authenticate": 'SD-JWT alg="Ed25519"'}
            return problem(HTTPStatus.UNAUTHORIZED, why.reason, told, headers=asks)
        case _ if why.reason == _SAID_OTHERWISE:
            told = "Another statement has this id: give this one a reference of its own."
            return problem(HTTPStatus.CONFLICT, why.reason, told)
        case _:
            told = _TO_DO.get(why.reason, _UNREADABLE)
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return problem(status, why.reason, told, detail=why.detail)


def _problem_of(description: str) -> dict[str, Any]:
    return {"description": description, "model": Problem, "content": {MEDIA_TYPE: {}}}


_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "It was said before, in the same token", "model": Recorded},
    401: _problem_of("The signature is not believed: unknown, revoked or wrong key"),
    409: _problem_of("Another statement has this id"),
    413: _problem_of("Too large"),
    415: _problem_of("Not a token"),
    422: _problem_of(
        "Turned away: unreadable, not as its schema has it, or not its author's to say"
    ),
    503: _problem_of("Nothing was recorded: send it again"),
}
_TAKES = {
    "requestBody": {
        "required": True,
        "description": (
            "A compact SD-JWT whose claims are as schemas/statement-1.0 says, signed by an"
            " organisation of the directory. The claim `fact` must be selectively disclosable."
        ),
        "content": {TOKEN: {"schema": {"type": "string", "maxLength": MOST_BYTES}}},
    }
}
