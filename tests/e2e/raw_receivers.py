"""Receivers that answer byte by byte as a table says, and what is to become of it."""

import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

# The time limit of the webhooks, and of curl beside them.
LIMIT_SECONDS = 2

# What a receiver does with its connection, once the request has been read.
Behave = Callable[[socket.socket], None]


class RawReceiver:
    """A context manager: listens on an ephemeral loopback port and lets `behave` answer each connection."""

    def __init__(self, behave: Behave, reads_request: bool = True, one_at_a_time: bool = False):
        self._behave = behave
        self._reads_request = reads_request
        self._one_at_a_time = one_at_a_time
        self.requests: list[bytes] = []
        # How many connections have ended without an error, on the receiver's side.
        self.ended_well = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def __enter__(self) -> "RawReceiver":
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_exception) -> None:
        self._listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._one_at_a_time:
                self._answer(connection)
            else:
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(30)
        try:
            with connection:
                if self._reads_request:
                    request = read_request(connection)
                    if not request:
                        return
                    self.requests.append(request)
                self._behave(connection)
            self.ended_well += 1
        except OSError:
            pass


def read_request(connection: socket.socket) -> bytes:
    """The head and the body of one request; what came of it if the client hangs up before."""
    read = b""
    while b"\r\n\r\n" not in read:
        piece = connection.recv(65536)
        if not piece:
            return read
        read += piece
    head, _, body = read.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = int(lengths[0].partition(b":")[2]) - len(body) if lengths else 0
    while missing > 0:
        piece = connection.recv(65536)
        if not piece:
            break
        read += piece
        missing -= len(piece)
    return read


def closing(answer: bytes) -> Behave:
    """Answers and ends the connection in order."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)

    return behave


def stalling(answer: bytes) -> Behave:
    """Answers and then does nothing until the client hangs up."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(answer)
        connection.recv(1)

    return behave


def resetting(answer: bytes) -> Behave:
    """Answers and then resets the connection, as a crash would."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(answer)
        time.sleep(0.2)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    return behave


def dribbling(answer: bytes) -> Behave:
    """Answers byte by byte, as small devices do."""

    def behave(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in answer:
            connection.sendall(bytes([byte]))
            time.sleep(0.001)
        connection.recv(1)

    return behave


def echoing_progress(connection: socket.socket) -> None:
    """A page that writes its progress and commits at its end: an error of `sendall` is its death."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(60):
        connection.sendall(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
        time.sleep(0.005)
    connection.sendall(b"0\r\n\r\n")


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


@dataclass(frozen=True)
class Row:
    name: str
    behave: Behave
    # The status that curl prints (`%{http_code}`), 0 for none.
    curl: int
    # What the attempt records: the status, or the kind of the error, and the kinds of its remarks.
    records: int | str
    remarks: tuple[str, ...] = ()
    # Seconds from the end of the attempt to the next one, at least. Such a webhook has one retry, others none.
    waits: int | None = None
    # Whether the receiver can do all that it wants to.
    ends_well: bool = field(default=False)


def curl_status(url: str) -> int:
    """The status that curl makes of the receiver's answer."""
    command = ["curl", "-sS", "-m", str(LIMIT_SECONDS), "-o", "/dev/null", "-w", "%{http_code}", "-d", "{}", url]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return int(ran.stdout)
