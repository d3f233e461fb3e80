"""A reverse proxy on the loopback, in front of the emulator's API.

The emulator knows an API only by its host name, which is one below `.localhost`. Not every client resolves such a
name or may set the `Host` header, so the API has a plain address, and this proxy puts the name into the header.
Everything else is passed on as it came: method, target, other headers in their order and spelling, and the body.
Headers that belong to one connection are not passed on (RFC 9110, section 7.6.1), and none is added.

Run as a program: `python -m hooklane_local.reverse_proxy PORT EMULATOR_PORT HOST`.
"""

import asyncio
import sys
from dataclasses import dataclass
from http import HTTPStatus

import h11

LOOPBACK = "127.0.0.1"
# What API Gateway takes, and its answer to more.
MOST_BODY_BYTES = 10 * 1024 * 1024
_TOO_LARGE = '{"message":"Request Entity Too Large"}'
# More than the emulator takes, so that it is the one that refuses.
_MOST_HEADER_BYTES = 256 * 1024
_PIECE = 64 * 1024
# `Transfer-Encoding` is one of them, but it frames the body on both sides in the same way. `Expect` is answered here.
_OF_ONE_CONNECTION = {b"connection", b"expect", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"upgrade"}


@dataclass
class _Message:
    """A request or an answer with its whole body."""

    head: h11.Request | h11.Response
    body: bytes


class _EmulatorGone(Exception):
    """The emulator could not be reached, or broke off."""


class Proxy:
    """Forwards to `emulator_port` on the loopback, as the host `host`."""

    def __init__(self, emulator_port: int, host: str):
        self._emulator_port = emulator_port
        self._host = host.encode()
        # While a client has ended its sending, nothing in the loop holds the task that answers it: without this, the
        # garbage collector may end the task.
        self._serving: set[asyncio.Task] = set()

    async def listen(self, port: int) -> asyncio.Server:
        """Accepts connections at this port of the loopback, or at a free one if it is 0."""
        return await asyncio.start_server(self._serve, LOOPBACK, port, backlog=256)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers the requests of one connection, one after the other."""
        task = asyncio.current_task()
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        client = h11.Connection(h11.SERVER, max_incomplete_event_size=_MOST_HEADER_BYTES)
        try:
            while request := await _next_request(client, reader, writer):
                writer.write(_sent(client, await self._answer(request), to=request.head.method))
                await writer.drain()
                if client.our_state is not h11.DONE:
                    break
                client.start_next_cycle()
        except h11.RemoteProtocolError as error:
            if client.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                writer.write(_sent(client, _text(error.error_status_hint, f"{error}\n"), to=b""))
        except OSError:
            # The client hung up.
            pass
        finally:
            writer.close()

    async def _answer(self, request: _Message) -> _Message:
        if len(request.body) > MOST_BODY_BYTES:
            return _text(413, _TOO_LARGE, "application/json")
        try:
            return await self._forwarded(request)
        except _EmulatorGone as gone:
            return _text(502, f"The emulator on {LOOPBACK}:{self._emulator_port} does not answer: {gone}.\n")

    async def _forwarded(self, request: _Message) -> _Message:
        """The emulator's answer. Each request has a connection of its own: a kept one may close just when a
        request is sent, and whether that was carried out could not be known."""
        try:
            reader, writer = await asyncio.open_connection(LOOPBACK, self._emulator_port)
        except OSError as error:
            raise _EmulatorGone(error.strerror or error) from error
        try:
            emulator = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEADER_BYTES)
            head = h11.Request(
                method=request.head.method, target=request.head.target, headers=self._renamed(request.head)
            )
            writer.write(_sent(emulator, _Message(head, request.body)))
            await writer.drain()
            return await _next_answer(emulator, reader)
        except (OSError, h11.ProtocolError) as error:
            raise _EmulatorGone(error) from error
        finally:
            writer.close()

    def _renamed(self, request: h11.Request) -> list[tuple[bytes, bytes]]:
        kept = [(name, value) for name, value in _passed_on(request) if name.lower() != b"host"]
        return [(b"Host", self._host), *kept]


async def _next_request(
    client: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> _Message | None:
    """The next whole request of a connection, or None at its end. A body over the limit is read, and cut off."""
    head, body = None, bytearray()
    while True:
        event = client.next_event()
        if event is h11.NEED_DATA:
            if client.they_are_waiting_for_100_continue:
                writer.write(client.send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")))
            client.receive_data(await reader.read(_PIECE))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data[: MOST_BODY_BYTES + 1 - len(body)]
        elif isinstance(event, h11.EndOfMessage):
            return _Message(head, bytes(body))
        else:
            return None


async def _next_answer(emulator: h11.Connection, reader: asyncio.StreamReader) -> _Message:
    head, body = None, bytearray()
    while True:
        event = emulator.next_event()
        if event is h11.NEED_DATA:
            emulator.receive_data(await reader.read(_PIECE))
        elif isinstance(event, h11.Response):
            head = h11.Response(
                status_code=event.status_code, headers=_passed_on(event), reason=event.reason
            )
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            return _Message(head, bytes(body))
        elif isinstance(event, h11.ConnectionClosed):
            raise _EmulatorGone("it closed the connection")


def _passed_on(message: h11.Request | h11.Response) -> list[tuple[bytes, bytes]]:
    """The headers that are not of one connection alone, as they are spelled."""
    headers = message.headers
    named = {name.strip() for key, value in headers for name in value.lower().split(b",") if key == b"connection"}
    return [(name, value) for name, value in headers.raw_items() if name.lower() not in _OF_ONE_CONNECTION | named]


def _text(status: int, text: str, kind: str = "text/plain; charset=utf-8") -> _Message:
    body = text.encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
    return _Message(h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase.encode()), body)


def _sent(connection: h11.Connection, message: _Message, to: bytes = b"") -> bytes:
    """The bytes of a message. An answer to HEAD has no body, whatever its headers say."""
    parts: list[h11.Event] = [message.head]
    if message.body and to != b"HEAD":
        parts.append(h11.Data(data=message.body))
    return b"".join(connection.send(part) or b"" for part in [*parts, h11.EndOfMessage()])


async def _main(port: str, emulator_port: str, host: str) -> None:
    async with await Proxy(int(emulator_port), host).listen(int(port)) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
