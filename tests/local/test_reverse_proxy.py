"""The proxy at the local API's address: what it passes on, byte for byte, and what it answers itself."""

import asyncio
import gc
import http.client
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hooklane_local.ports import a_free_one
from hooklane_local.reverse_proxy import MOST_BODY_BYTES, Proxy

NAME = "abc123.execute-api.localhost:4566"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Upstream:
    """Stands in for the emulator: keeps the bytes of each request, and answers with given bytes."""

    def __init__(self):
        self.answer = OK
        self.before_answering = lambda: None
        self.received: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket):
        with connection:
            received = b""
            while not _is_whole(received):
                piece = connection.recv(65536)
                if not piece:
                    break
                received += piece
            self.received.append(received)
            self.before_answering()
            connection.sendall(self.answer)


def _is_whole(message: bytes) -> bool:
    head, ended, body = message.partition(b"\r\n\r\n")
    if not ended:
        return False
    if b"chunked" in head.lower():
        return body.endswith(b"0\r\n\r\n")
    _, named, rest = head.lower().partition(b"content-length:")
    return not named or len(body) >= int(rest.split(b"\r\n")[0])


@pytest.fixture
def upstream():
    started = Upstream()
    yield started
    started.close()


@pytest.fixture
def proxy_to():
    """`proxy_to(port)`: starts a proxy in front of this port and returns its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def start(emulator_port: int) -> int:
        listening = Proxy(emulator_port, NAME).listen(0)
        server = asyncio.run_coroutine_threadsafe(listening, loop).result(10)
        (address,) = [each.getsockname() for each in server.sockets]
        assert address[0] == "127.0.0.1", "nobody but this machine may reach it"
        return address[1]

    async def end():
        # The connections that clients have left open.
        open_ones = asyncio.all_tasks() - {asyncio.current_task()}
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)

    yield start
    asyncio.run_coroutine_threadsafe(end(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def port(proxy_to, upstream) -> int:
    return proxy_to(upstream.port)


def exchange(port: int, request: bytes) -> bytes:
    """Sends these bytes, and reads until the proxy closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def ask(port: int, method: str = "GET", target: str = "/", body=None, headers=None) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, target, body, headers or {})
    return connection.getresponse()


def lines(*parts: str) -> bytes:
    return "\r\n".join([*parts, "", ""]).encode("latin-1")


REQUESTS = {
    "method and target as they are": (
        lines("PROPFIND /a%2Fb/../c%20d//?x=1&x=2&y=%41+%7e&&=z;, HTTP/1.1", "Host: 127.0.0.1:4666"),
        lines("PROPFIND /a%2Fb/../c%20d//?x=1&x=2&y=%41+%7e&&=z;, HTTP/1.1", f"Host: {NAME}"),
    ),
    "headers in their order and spelling, repeated ones too": (
        lines("GET / HTTP/1.1", "X-ONE: 1", "x-two: a", "hOST: h", "X-Two: b, c", "x-one: \xe9", "Empty:"),
        lines("GET / HTTP/1.1", f"Host: {NAME}", "X-ONE: 1", "x-two: a", "X-Two: b, c", "x-one: \xe9", "Empty: "),
    ),
    "a body of any bytes": (
        lines("POST / HTTP/1.1", "Host: h", "Content-Length: 6") + b"\0\xff\r\n\r\n",
        lines("POST / HTTP/1.1", f"Host: {NAME}", "Content-Length: 6") + b"\0\xff\r\n\r\n",
    ),
    "a body in chunks": (
        lines("PUT / HTTP/1.1", "Host: h", "Transfer-Encoding: chunked") + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
        lines("PUT / HTTP/1.1", f"Host: {NAME}", "Transfer-Encoding: chunked") + b"5\r\nabcde\r\n0\r\n\r\n",
    ),
    "nothing that belongs to the connection": (
        lines("GET / HTTP/1.1", "Host: h", "Connection: close, X-Hop", "x-hop: 1", "Keep-Alive: 5", "TE: trailers", "A: b"),
        lines("GET / HTTP/1.1", f"Host: {NAME}", "A: b"),
    ),
    "a request of HTTP/1.0 without a host": (
        lines("GET / HTTP/1.0", "A: b"),
        lines("GET / HTTP/1.1", f"Host: {NAME}", "A: b"),
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_passed_on_byte_for_byte_except_its_host(port, upstream, name):
    sent, expected = REQUESTS[name]
    assert exchange(port, sent).startswith(b"HTTP/1.1 200 OK")
    assert upstream.received == [expected]


ANSWERS = {
    "status, reason, headers, body": lines(
        "HTTP/1.1 422 Not So", "Set-Cookie: a=1", "X-y: 1", "set-cookie: b=2", "Content-Length: 3"
    ) + b"\0\xff\n",
    "no body": lines("HTTP/1.1 204 No Content", "X-A: 1"),
    "chunks": lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + b"2\r\nab\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_passed_back_byte_for_byte(port, upstream, name):
    upstream.answer = ANSWERS[name]
    # The connection is kept, so the client's end of sending closes it.
    assert exchange(port, lines("GET / HTTP/1.1", "Host: h")) == upstream.answer


def test_what_the_emulator_says_of_its_own_connection_stays_there(port, upstream):
    upstream.answer = lines("HTTP/1.1 200 OK", "Connection: close", "Keep-Alive: timeout=1", "Content-Length: 0")
    assert exchange(port, lines("GET / HTTP/1.1", "Host: h")) == OK


def test_an_answer_that_ends_with_its_connection_is_whole(port, upstream):
    upstream.answer = lines("HTTP/1.1 200 OK", "A: b") + b"x" * 100_000
    assert ask(port).read() == b"x" * 100_000


def test_an_answer_to_head_has_headers_and_no_body(port, upstream):
    upstream.answer = lines("HTTP/1.1 200 OK", "Content-Length: 12")
    assert exchange(port, lines("HEAD / HTTP/1.1", "Host: h")) == upstream.answer


def test_a_client_that_has_ended_its_sending_is_answered_whatever_is_collected_meanwhile(port, upstream):
    upstream.before_answering = gc.collect
    assert exchange(port, lines("GET / HTTP/1.1", "Host: h")) == OK


def test_a_connection_is_kept_for_the_next_request(port, upstream):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.connect()
    own = connection.sock
    for number in range(3):
        connection.request("POST", f"/{number}", b"x" * number)
        assert connection.getresponse().read() == b""
        assert connection.sock is own
    assert [received.split(b" ")[1] for received in upstream.received] == [b"/0", b"/1", b"/2"]


def test_requests_that_are_sent_at_once_are_answered_in_their_order(port, upstream):
    upstream.answer = lines("HTTP/1.1 200 OK", "Content-Length: 2") + b"ok"
    one = lines("GET /1 HTTP/1.1", "Host: h")
    assert exchange(port, one + one.replace(b"/1", b"/2")) == upstream.answer * 2
    assert [received.split(b" ")[1] for received in upstream.received] == [b"/1", b"/2"]


def test_many_clients_at_once_each_get_their_own_answer(port, upstream):
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda number: ask(port, "POST", f"/{number}", b"b").status, range(128)))
    assert answers == [200] * 128
    assert len({received.split(b" ")[1] for received in upstream.received}) == 128


def test_the_largest_body_passes_in_both_directions_and_a_larger_one_is_refused(port, upstream):
    body = os.urandom(MOST_BODY_BYTES)
    upstream.answer = lines("HTTP/1.1 200 OK", f"Content-Length: {len(body)}") + body
    assert ask(port, "POST", "/", body).read() == body
    assert upstream.received[0].endswith(b"\r\n\r\n" + body)

    refused = ask(port, "POST", "/", body + b"x")
    assert (refused.status, refused.reason) == (413, http.HTTPStatus(413).phrase)
    assert refused.read() == b'{"message":"Request Entity Too Large"}'
    assert len(upstream.received) == 1


def test_a_client_that_waits_for_100_continue_may_go_on(port, upstream):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(lines("POST / HTTP/1.1", "Host: h", "Content-Length: 2", "Expect: 100-continue"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"ab")
        assert connection.recv(100) == OK
    assert upstream.received == [lines("POST / HTTP/1.1", f"Host: {NAME}", "Content-Length: 2") + b"ab"]


def test_an_emulator_that_is_gone_is_a_502_that_says_so(proxy_to):
    nobody = a_free_one()
    answer = ask(proxy_to(nobody))
    text = answer.read().decode()
    assert (answer.status, answer.getheader("Content-Type")) == (502, "text/plain; charset=utf-8")
    assert text == f"The emulator on 127.0.0.1:{nobody} does not answer: Connect call failed ('127.0.0.1', {nobody}).\n"


@pytest.mark.parametrize(
    "broken", [b"", lines("HTTP/1.1 200 OK", "Content-Length: 9") + b"part", b"nonsense\r\n\r\n"]
)
def test_an_answer_that_breaks_off_is_a_502_and_the_next_request_passes(port, upstream, broken):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for upstream.answer, status in ((broken, 502), (OK, 200)):
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert (answer.status, answer.read().count(b"\n")) == (status, int(status == 502))


def test_what_is_not_http_is_a_400_and_harms_nobody_else(port, upstream):
    assert exchange(port, b"GET / HTTP/1.1\r\nno header\r\n\r\n").startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert upstream.received == []
    assert ask(port).status == 200
