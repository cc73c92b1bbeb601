"""`<home>/run.json`: what the supervisor of this home has started, so that others can look and end exactly that."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from databus import errors

# The kernel's start times are steady; the margin covers rounding.
_SAME_START_SECONDS = 1.0


@dataclass(frozen=True)
class Entry:
    """One process: `created` is its start in epoch seconds and tells it from a later one with the same pid."""

    name: str
    address: str
    pid: int = 0
    created: float = 0.0
    state: str = "waiting"
    restarts: int = 0


@dataclass(frozen=True)
class Run:
    """State of a whole stack: starting, ready, stopping, stopped or failed, with the error that made it fail."""

    state: str
    supervisor: Entry
    entries: tuple[Entry, ...] = ()
    message: str = ""
    error: dict[str, Any] | None = field(default=None)


def write(home: Path, run: Run) -> None:
    """Replace the file in one step."""
    temporary = home / f".run.json.{os.getpid()}"
    temporary.write_text(json.dumps(asdict(run), indent=1))
    temporary.replace(home / "run.json")


def read(home: Path) -> Run | None:
    """What was last written; None when there is nothing, or nothing that can be read."""
    try:
        raw = json.loads((home / "run.json").read_text())
        entries = tuple(Entry(**entry) for entry in raw.pop("entries"))
        return Run(supervisor=Entry(**raw.pop("supervisor")), entries=entries, **raw)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def told(error: errors.DatabusError) -> dict[str, Any]:
    """An error as it stands in the file."""
    return {"type": type(error).__name__, "detail": error.detail, "facts": error.facts}


def raised(run: Run) -> errors.DatabusError:
    """The error of a failed run, as the class it was in the supervisor."""
    raw = run.error or {"type": "Unavailable", "detail": "The stack failed without saying why.", "facts": {}}
    kind = getattr(errors, str(raw["type"]), errors.Unavailable)
    return kind(raw["detail"], **raw["facts"])


def created(pid: int) -> float:
    """Start time of a process in epoch seconds; 0.0 when there is none."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return 0.0


def process(entry: Entry) -> psutil.Process | None:
    """The very process an entry speaks of; None when it is gone, even if its pid lives on in another."""
    if entry.pid <= 0:
        return None
    try:
        found = psutil.Process(entry.pid)
        same = abs(found.create_time() - entry.created) < _SAME_START_SECONDS
        return found if same and found.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None
