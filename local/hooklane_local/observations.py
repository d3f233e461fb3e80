"""What the demo observed, and whether it is what was expected."""

from dataclasses import dataclass

from hooklane_local.progress import say


@dataclass(frozen=True)
class Observation:
    what: str
    seen: str
    holds: bool


class Observations:
    """Collects observations. The demo goes on after one that is not as expected."""

    def __init__(self) -> None:
        self._made: list[Observation] = []

    def note(self, what: str, seen, holds: bool) -> bool:
        self._made.append(Observation(what, str(seen), holds))
        say(f"    {'ok ' if holds else 'NOT'} {what}: {seen}")
        return holds

    @property
    def failed(self) -> list[Observation]:
        return [observation for observation in self._made if not observation.holds]

    @property
    def all_hold(self) -> bool:
        return bool(self._made) and not self.failed

    def print_table(self) -> None:
        rows = [("what", "observed", "as expected")]
        rows += [(made.what, made.seen, "yes" if made.holds else "NO") for made in self._made]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        say("")
        for number, row in enumerate(rows):
            say("  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
            if number == 0:
                say("  " + "  ".join("-" * width for width in widths))
