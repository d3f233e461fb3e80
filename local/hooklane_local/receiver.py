"""A webhook receiver on the loopback. It keeps every request and answers as the test wants."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    """One request exactly as it arrived."""

    method: str
    path: str
    # In the order and the spelling of the request.
    header_list: list[tuple[str, str]]
    body: bytes
    # When the whole request had been read: `at` to compute durations, `wall_time` to compare with logs.
    at: float
    wall_time: float
    # 1 for the first request of this receiver.
    number: int

    @property
    def headers(self) -> dict[str, str]:
        """By lower-case name. Of a repeated header only the last value."""
        return {name.lower(): value for name, value in self.header_list}


@dataclass(frozen=True)
class Response:
    """What a receiver answers, and how."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    # Seconds to wait before the answer begins.
    delay: float = 0.0
    # Send no answer, and wait until the client closes the connection.
    never: bool = False
    # Send no answer, and reset the connection as a crash would.
    reset: bool = False
    # Stream a body until the client closes the connection, up to a limit.
    endless_body: bool = False
    # Send a chunked body of this many bytes, as long as the client reads them.
    chunked_bytes: int = 0
    # Send half of the body, and wait until the client closes the connection.
    stalls_mid_body: bool = False
    # Send these bytes instead of an HTTP response, and close the connection.
    garbage: bytes = b""


Respond = Callable[[Request], Response]

_ENDLESS_BODY_CAP = 512 * 1024 * 1024
_PIECE = b"x" * 65536


class Receiver:
    """A context manager: listens on an ephemeral loopback port until the end of the `with` block."""

    def __init__(self, respond: Respond | None = None):
        self.respond: Respond = respond or (lambda _request: Response())
        self._requests: list[Request] = []
        # When each answer was about to be sent, by request number. The attempt cannot have ended before
        # that, so the delay of a retry is measured from here.
        self.answered_at: dict[int, float] = {}
        self.endless_bytes_sent = 0
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler_for(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def requests(self) -> list[Request]:
        with self._changed:
            return list(self._requests)

    def requests_to(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def wait_for(self, count: int, timeout: float, path: str | None = None) -> list[Request]:
        """Waits until `count` requests have arrived, and returns all that have, even if they are fewer."""

        def so_far() -> list[Request]:
            return [request for request in self._requests if path is None or request.path == path]

        with self._changed:
            self._changed.wait_for(lambda: len(so_far()) >= count, timeout)
            return so_far()

    def _take(self, handler: BaseHTTPRequestHandler, body: bytes) -> Request:
        with self._changed:
            request = Request(
                method=handler.command,
                path=handler.path,
                header_list=list(handler.headers.items()),
                body=body,
                at=time.monotonic(),
                wall_time=time.time(),
                number=len(self._requests) + 1,
            )
            self._requests.append(request)
            self._changed.notify_all()
            return request

    def _answered(self, request: Request) -> None:
        with self._changed:
            self.answered_at[request.number] = time.monotonic()
            self._changed.notify_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # The deliveries of a thousand webhooks may arrive at once.
    request_queue_size = 1024

    def handle_error(self, request, client_address):
        """Silent: a client that hangs up is part of these tests and no error."""


def _handler_for(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Sends headers and body in one packet, without waiting for an acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def handle_request(self) -> None:
            if receiver._closing.is_set():
                # A kept-alive connection is still open although the receiver is closed.
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = receiver._take(self, body)
            response = receiver.respond(request)
            if response.delay:
                receiver._closing.wait(response.delay)
            if response.never:
                self._wait_for_hang_up()
                receiver._answered(request)
                return
            receiver._answered(request)
            if response.reset:
                self._reset()
                return
            if response.garbage:
                self.close_connection = True
                self.wfile.write(response.garbage)
                self.wfile.flush()
                return
            self._write(response)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_request

        def _write(self, response: Response) -> None:
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            if response.endless_body:
                # Without a length the body ends when the connection is closed.
                self.send_header("Connection", "close")
                self.end_headers()
                self._stream_until_closed()
                return
            if response.chunked_bytes:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self._stream_chunks(response.chunked_bytes)
                return
            if response.stalls_mid_body:
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b"x" * 50)
                self.wfile.flush()
                self._wait_for_hang_up()
                return
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)
            self.wfile.flush()

        def _stream_until_closed(self) -> None:
            self.close_connection = True
            sent = 0
            try:
                while sent < _ENDLESS_BODY_CAP and not receiver._closing.is_set():
                    self.wfile.write(_PIECE)
                    sent += len(_PIECE)
                    receiver.endless_bytes_sent = max(receiver.endless_bytes_sent, sent)
            except OSError:
                pass

        def _stream_chunks(self, wanted: int) -> None:
            self.close_connection = True
            chunk = b"%x\r\n%s\r\n" % (len(_PIECE), _PIECE)
            sent = 0
            try:
                while sent < wanted and not receiver._closing.is_set():
                    self.wfile.write(chunk)
                    sent += len(_PIECE)
                    receiver.endless_bytes_sent = max(receiver.endless_bytes_sent, sent)
                self.wfile.write(b"0\r\n\r\n")
                self.wfile.flush()
            except OSError:
                pass

        def _wait_for_hang_up(self) -> None:
            self.close_connection = True
            self.connection.settimeout(0.1)
            while not receiver._closing.is_set():
                try:
                    if self.connection.recv(1) == b"":
                        return
                except TimeoutError:
                    continue
                except OSError:
                    return

        def _reset(self) -> None:
            self.close_connection = True
            # Closing without lingering sends a reset instead of an orderly close.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

        def log_message(self, *_arguments) -> None:
            """Silent: the requests are kept instead."""

    return Handler
