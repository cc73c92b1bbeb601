"""`databus down`: end what this checkout started."""

from __future__ import annotations

from typing import Annotated

import typer

from databus.cli.output import as_json, console
from databus.local import stack
from databus.settings import Settings


def down(
    erase: Annotated[bool, typer.Option("--erase", help="also remove data, keys and logs; downloads stay")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """End the stack of this checkout, and nothing else."""
    settings = Settings()
    if erase and not yes:
        typer.confirm(f"Remove all data, keys and logs under {settings.home}?", abort=True)
    ended = stack.down(settings)
    if erase:
        stack.erase(settings)
    if as_document:
        print(as_json({"ended": ended, "erased": erase}))
    else:
        console().print("Stopped." if ended else "Nothing of this checkout was running.")
        if erase:
            console().print(f"Removed data, keys and logs under {settings.home}; downloads are kept.")
    return 0
