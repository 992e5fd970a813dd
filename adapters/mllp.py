"""
MLLP, the transport of HL7 v2 (HL7 Version 2 Transport Specification: Minimal Lower Layer Protocol,
release 1): VT, the message, FS, CR. A real listener, and the client that delivers disclosures.

The sender is answered when Kafka has the message, and not before. A frame that is too long or never
closed costs no more memory than the cap, and the listener stays up.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from adapters.edge import Answer, Edge
from adapters.health.hl7v2.answer import Outcome, answer, is_hl7_header
from adapters.health.hl7v2.syntax import MOST_BYTES
from broker.errors import KafkaUnavailable, TryAgain
from broker.telemetry import say

_log = logging.getLogger(__name__)
VT, FS = b"\x0b", b"\x1c"
_CHUNK = 64 * 1024
KEPT = 64 * 1024  # of what is too long: enough for a person to see what it was
_MOST_CONNECTIONS = 64
_FRAME_SILENCE, _FRAME_TIME = 30.0, 300.0  # seconds within a frame, and for all of it
_KAFKA = 10.0  # seconds until AE


@dataclass(frozen=True, slots=True)
class Frame:
    """What came between VT and FS, or what is wrong with it."""

    native: bytes = field(repr=False)
    fault: str = ""  # too_large, never_closed, not_framed


class Unframer:
    """Bytes in, frames out: without I/O, and never holding more than the cap."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._held = bytearray()
        self._inside = False
        self._over = False

    @property
    def inside(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._inside

    def feed(self, data: bytes) -> Iterator[Frame]:
        while data:
            if not self._inside:
                before, begins, data = data.partition(VT)
                yield from self._outside(before, framed=bool(begins))
                self._inside = bool(begins)
            else:
                body, ends, data = data.partition(FS)
                self._keep(body)
                if ends:
                    yield self._ended()

    def end(self) -> Iterator[Frame]:
        """The connection is gone, or silent: what has come so far."""
        if self._inside:
            native = bytes(self._held[:KEPT])
            yield Frame(native, "never_closed")
        elif self._held.strip():
            yield Frame(bytes(self._held), "not_framed")
        self._held.clear()
        self._inside = self._over = False

    def _outside(self, stray: bytes, *, framed: bool) -> Iterator[Frame]:
        self._held += stray[: KEPT - len(self._held)]
        if framed or len(self._held) >= KEPT:
            if self._held.strip():
                yield Frame(bytes(self._held), "not_framed")
            self._held.clear()

    def _keep(self, body: bytes) -> None:
        if len(self._held) + len(body) > self._most:
            self._over = True
            del self._held[KEPT:]
        self._held += body[: KEPT - len(self._held)] if self._over else body

    def _ended(self) -> Frame:
        made = Frame(bytes(self._held), "too_large" if self._over else "")
        self._held.clear()
        self._inside = self._over = False
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One feed's port."""

    edge: Edge
    now: Callable[[], datetime]
    most: int = MOST_BYTES

    @asynccontextmanager
    async def listening(
        self, host: str, port: int, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[int]:
        """Listens until it is left; gives the port."""
        seats = asyncio.Semaphore(_MOST_CONNECTIONS)
        open_now: set[asyncio.StreamWriter] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            async with seats:
                open_now.add(writer)
                try:
                    await self._serve(reader, writer)
                except (ConnectionError, ssl.SSLError):
                    say(_log, "connection lost")
                finally:
                    open_now.discard(writer)
                    writer.close()

        server = await asyncio.start_server(serve, host, port, limit=_CHUNK, ssl=tls)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
            for writer in list(open_now):
                writer.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames, clock = Unframer(self.most), asyncio.get_running_loop().time
        begun = clock()
        while True:
            begun = begun if frames.inside else clock()
            ends = min(clock() + _FRAME_SILENCE, begun + _FRAME_TIME) if frames.inside else None
            try:
                async with asyncio.timeout_at(ends):
                    data = await reader.read(_CHUNK)
            except TimeoutError:
                data = b""
            for frame in frames.feed(data) if data else frames.end():
                said = await self._answered(frame)
                writer.write(framed(answer(frame.native, said, self.now())))
                await writer.drain()
                if frame.fault == "not_framed":
                    return  # nobody can say where its next message begins
            if not data:
                return

    async def _answered(self, frame: Frame) -> Outcome:
        """What becomes of one frame. Nothing is taken in unless Kafka has it."""
        try:
            async with asyncio.timeout(_KAFKA):
                if frame.fault:
                    reason = "too_large" if frame.fault == "too_large" else "not_this_format"
                    await self.edge.set_aside(frame.native, reason, frame.fault, self.now())
                    return Outcome("AR", frame.fault)
                answers = await self.edge.take(frame.native, self.now())
        except (KafkaUnavailable, TryAgain, TimeoutError):
            return Outcome("AE", "try again: nothing was taken in")
        except Exception as fault:  # one message must not end the listener
            say(_log, "message not read", fault=type(fault).__name__)
            return Outcome("AE", "a fault of the receiver: nothing was taken in")
        return outcome_of(answers, frame.native)


def outcome_of(answers: list[Answer], native: bytes) -> Outcome:
    """AA for whatever is durable; AR for what is no HL7."""
    reasons = [each.reason or "" for each in answers if each.outcome == "quarantine"]
    if reasons and len(reasons) == len(answers) and not is_hl7_header(native):
        return Outcome("AR", reasons[0])
    return Outcome("AA", "; ".join(dict.fromkeys(reasons)))


def framed(message: bytes) -> bytes:
    return VT + message + FS + b"\r"


async def deliver(
    message: bytes, host: str, port: int, tls: ssl.SSLContext | None = None, *, wait: float = 30.0
) -> str:
    """
    Send one message and return MSA-1 of the answer. Raises TryAgain: nobody answered, and the same
    message may be sent again.
    """
    try:
        async with asyncio.timeout(wait):
            reader, writer = await asyncio.open_connection(host, port, ssl=tls)
            try:
                writer.write(framed(message))
                await writer.drain()
                reply = await reader.readuntil(FS)
            finally:
                writer.close()
                await writer.wait_closed()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as why:
        raise TryAgain("not_delivered", type(why).__name__) from None
    said = [line for line in reply.strip(VT + FS + b"\r\n").split(b"\r") if line[:3] == b"MSA"]
    fields = said[0].split(b"|") if said else []
    return fields[1].decode("ascii", "replace") if len(fields) > 1 else ""
