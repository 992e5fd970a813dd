"""One request to a web application, without a network."""

from collections.abc import Sequence
from typing import Any


async def asked(
    app: Any,
    method: str,
    path: str,
    body: Sequence[bytes] = (b"",),
    headers: Sequence[tuple[str, str]] = (),
) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, content) of the answer."""
    chunks: list[dict[str, Any]] = [
        {"type": "http.request", "body": part, "more_body": n < len(body) - 1}
        for n, part in enumerate(body)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return chunks.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "headers": raw, "query_string": b"", "http_version": "1.1", "scheme": "http",
        "server": ("test", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    content = b"".join(message.get("body", b"") for message in sent)
    return int(sent[0]["status"]), found, content
