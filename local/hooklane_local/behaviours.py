"""Ways in which a receiver can answer."""

import threading

from hooklane_local.receiver import Request, Respond, Response


def ok(body: bytes = b"ok") -> Respond:
    return lambda _request: Response(200, body=body)


def always(status: int, body: bytes = b"", **headers: str) -> Respond:
    """Always the same status. `Retry_After="3"` sets the header `Retry-After`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: Response(status, named, body)


def failing(times: int, then: Respond | None = None, status: int = 500, **headers: str) -> Respond:
    """Fails the first `times` requests, then answers as `then` does (default: 200)."""
    return first(times, always(status, b"not now", **headers), then or ok())


def first(times: int, behaviour: Respond, then: Respond) -> Respond:
    """Answers the first `times` requests, from whatever client, in one way and later ones in another."""
    count, lock = 0, threading.Lock()

    def respond(request: Request) -> Response:
        nonlocal count
        with lock:
            count += 1
            one_of_the_first = count <= times
        return behaviour(request) if one_of_the_first else then(request)

    return respond


def never_answering() -> Respond:
    return lambda _request: Response(never=True)


def resetting() -> Respond:
    return lambda _request: Response(reset=True)


def redirecting(location: str, status: int = 302) -> Respond:
    return always(status, Location=location)


def gone() -> Respond:
    return always(410)


def busy(retry_after: str, status: int = 503, times: int = 1) -> Respond:
    """Answers the first `times` requests with `Retry-After` (seconds or a date), then 200."""
    return failing(times, status=status, Retry_After=retry_after)


def endless_body(status: int = 200) -> Respond:
    return lambda _request: Response(status, endless_body=True)


def by_path(behaviours: dict[str, Respond]) -> Respond:
    """A behaviour for each path, so that one receiver can stand for several. Other paths get 404."""

    def respond(request: Request) -> Response:
        behaviour = behaviours.get(request.path)
        return behaviour(request) if behaviour else Response(404)

    return respond
