"""The name of a case: `WEBHOOKSxBATCHxBYTES`, and what differs from the usual after hyphens."""

import re
from dataclasses import dataclass

_NAME = re.compile(r"(\d+)x(\d+)x(\d+)((?:-[^-]+)*)")
_TIME = re.compile(r"(\d+)(ms|s)")
_EVENTS_PER_MESSAGE = re.compile(r"by(\d+)")


@dataclass(frozen=True)
class Case:
    """An event goes to `webhooks`, an invocation gets up to `batch` of them, an event's data has `data_bytes`."""

    webhooks: int
    batch: int
    data_bytes: int
    suffixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, name: str) -> "Case | None":
        """The case of this name, or `None` for lines that are about something else, such as cold starts."""
        found = _NAME.fullmatch(name)
        if not found:
            return None
        webhooks, batch, data_bytes = map(int, found.groups()[:3])
        return cls(webhooks, batch, data_bytes, tuple(found[4].split("-")[1:]))

    @property
    def events_per_message(self) -> int:
        """`EventsPerMessage` of the stack."""
        found = next(filter(None, map(_EVENTS_PER_MESSAGE.fullmatch, self.suffixes)), None)
        return int(found[1]) if found else 1

    @property
    def answer_ms(self) -> int | None:
        """The time that the case's receiver takes to answer, if it takes any."""
        for found in filter(None, map(_TIME.fullmatch, self.suffixes)):
            return int(found[1]) * (1000 if found[2] == "s" else 1)
        return None
