"""`python -m databus.local.provision`: make sure that every engine is here; prints the path of `opa` alone."""

from __future__ import annotations

import sys

from rich.console import Console

from databus import errors
from databus.local.embedded import wanted
from databus.local.provision import opa, plan
from databus.settings import Settings, inherited


def main() -> int:
    """Provide the engines; exit code 3 when one cannot be provided."""
    settings, console = Settings(), Console(stderr=True)
    try:
        found = plan.provide(settings.cache, wanted(settings), env=inherited(), console=console)
        print(found.opa or opa.opa(settings.cache, env=inherited(), console=console))
    except errors.DatabusError as failure:
        console.print(failure.detail, markup=False)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
