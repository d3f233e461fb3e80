"""How the API refuses: RFC 9457, and for what is not valid every wrong field."""

from hooklane_local.client import Answer


def refused(answer: Answer, status: int, kind: str) -> dict:
    """The problem of an answer that must be one."""
    problem = answer.expect(status).body
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:hooklane:problem:{kind}"
    assert problem["status"] == status
    assert problem["title"]
    return problem


def wrong_fields(answer: Answer) -> list[str]:
    """The paths of the fields that a 422 complains of."""
    errors = refused(answer, 422, "invalid")["errors"]
    assert all(error["message"] for error in errors)
    return [error["path"] for error in errors]
