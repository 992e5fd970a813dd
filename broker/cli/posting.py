"""A signed token to a broker over HTTP, and what it answered."""

import json
import urllib.error
import urllib.request
from typing import Any

from broker.errors import Misconfigured, Rejected, TryAgain

_SECONDS = 30
_TRY_AGAIN = 503


def post(address: str, token: str, *, media: str, otherwise: str) -> dict[str, Any]:
    """
    The answer. `otherwise`: what to say of a refusal that gives no reason. Raises Rejected with the
    reason, or TryAgain: nothing is wrong with it.
    """
    if not address.startswith(("http://", "https://")):
        raise Misconfigured(
            "address", f"{address}: write http:// or https:// and the broker's host"
        )
    request = urllib.request.Request(  # noqa: S310 - http or https, looked at above
        address, data=token.encode(), headers={"Content-Type": media}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
            return told
    except urllib.error.HTTPError as error:
        problem = _problem(error, otherwise)
        if error.code == _TRY_AGAIN:
            raise TryAgain("try_again", problem["title"]) from None
        detail = " ".join(filter(None, (problem.get("detail"), problem["title"])))
        raise Rejected(problem["reason"], detail) from None
    except urllib.error.URLError as error:
        raise TryAgain("no_answer", f"{address}: {type(error.reason).__name__}") from None


def _problem(error: urllib.error.HTTPError, otherwise: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(error.read())
    except ValueError:
        found = {}
    return {"reason": f"http_{error.code}", "title": otherwise, **found}
