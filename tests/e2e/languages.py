"""Skips a test whose receiver is written in a language that this machine lacks."""

from functools import cache

import pytest
from hooklane_local import receiver_languages


def require(*programs: str) -> None:
    """Skips the running test unless this machine has these programs, in versions that are new enough."""
    lacking = _missing(programs)
    if lacking:
        pytest.skip(f"needs {' and '.join(lacking)}")


@cache
def _missing(programs: tuple[str, ...]) -> list[str]:
    return receiver_languages.missing(*programs) if programs else []
