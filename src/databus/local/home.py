"""The folder of one stack (`.databus/`): which version made its data, and what an erase removes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from databus import errors
from databus.local.engines import kafka, postgres
from databus.local.provision import kafka as kafka_program
from databus.local.provision import postgres as postgres_program

LAYOUT = 1
_ERASED = ("kafka", "postgres", "opa", "bundle", "keys", "logs", "version.json", "run.json", "sample-ledger.jsonl")


def has_data(home: Path) -> bool:
    """Whether an engine has written here before."""
    return kafka.formatted(home) or postgres.formatted(home)


def require_usable(home: Path) -> None:
    """Refuse data of another version; remember ours on a fresh home.

    Raises:
        errors.DataUnusable: names the versions and the command that begins afresh.
    """
    ours = {"layout": LAYOUT, "kafka": kafka_program.VERSION, "postgres": postgres_program.MAJOR}
    file = home / "version.json"
    if has_data(home):
        theirs = _read(file)
        if theirs != ours:
            raise errors.DataUnusable(
                f"The data in {home} was made by {theirs or 'an unknown version'}, this is {ours}, and it cannot be kept. "
                "Check out the version that made it, or run `databus down --erase` to begin afresh.",
                found=theirs,
                expected=ours,
            )
        return
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(json.dumps(ours))


def _read(file: Path) -> dict[str, object] | None:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def erase(home: Path) -> None:
    """Remove data, keys and logs of a stopped stack; downloads stay."""
    for name in _ERASED:
        place = home / name
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
