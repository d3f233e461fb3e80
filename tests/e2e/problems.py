"""Checks of the API's error answers: problems of RFC 9457, which name every invalid field."""

from hooklane_local.client import Answer


def refused(answer: Answer, status: int, kind: str) -> dict:
    """Checks that an answer is a problem of this status and kind, and returns the problem."""
    problem = answer.expect(status).body
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:hooklane:problem:{kind}"
    assert problem["status"] == status
    assert problem["title"]
    return problem


def wrong_fields(answer: Answer) -> list[str]:
    """The paths of the fields that an answer with status 422 names as invalid."""
    errors = refused(answer, 422, "invalid")["errors"]
    assert all(error["message"] for error in errors)
    return [error["path"] for error in errors]
