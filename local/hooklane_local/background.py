"""Programs that keep running after the command that started them, found again by the record of their process."""

import json
from dataclasses import dataclass
from pathlib import Path

from hooklane_local.private import write_private
from hooklane_local.processes import end_group, group_lives, started_at


@dataclass(frozen=True)
class Background:
    """One such program: the leader of a process group, and the file that tells its id."""

    record: Path

    def write(self, pid: int, settings: dict) -> None:
        """Records what was started, and with which settings."""
        record = {"pid": pid, "startedAt": started_at(pid), "settings": settings}
        write_private(self.record, json.dumps(record, indent=2) + "\n")

    def settings(self) -> dict | None:
        """What the running program was started with; None if none runs."""
        record = self._running()
        return record["settings"] if record else None

    def stop(self) -> bool:
        """Ends the program and all that it has started. True if it was running."""
        record = self._running()
        if record:
            end_group(record["pid"])
        self.record.unlink(missing_ok=True)
        return record is not None

    def _running(self) -> dict | None:
        try:
            record = json.loads(self.record.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        # Process ids are reused. Only the start time tells that this is still the same process.
        same = started_at(record["pid"]) == record["startedAt"] and group_lives(record["pid"])
        return record if same else None
