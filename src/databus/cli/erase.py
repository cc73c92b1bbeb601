"""`databus erase`: the daily erasure now, by hand: what a DELETE has overtaken leaves the log and the store."""

from __future__ import annotations

from typing import Annotated

import typer

from databus.bootstrap.eraser import Erased
from databus.bootstrap.eraser import erase as erased
from databus.cli.output import as_json, console
from databus.cli.progress import bar
from databus.cli.session import session
from databus.store import erasure


def erase(
    run: Annotated[bool, typer.Option("--run", help="erase; without it, only say what is due")] = False,
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """Erase what departments have deleted from `events` and the store. The projector does it once a day by itself."""
    here = session()
    if not run:
        due = here.ask(erasure.due).records
        if as_document:
            print(as_json({"due": [{"subject_key": one, "record_type": kind, "record_key": key} for one, kind, key in due]}))
        else:
            console().print(f"{len(due):,} records with a DELETE have steps nobody has looked at yet; `databus erase --run` erases them.")
        return 0
    codec = here.codec("eraser")
    with bar("Looking through events", quiet=as_document) as progress:
        done: Erased = here.ask(lambda pool: erased(here.address("eraser"), pool, codec, progress=progress))
    if as_document:
        print(as_json(done))
    else:
        console().print(
            f"Of {done.records:,} records: {done.removed:,} events removed, {done.reduced:,} DELETEs left without payload, "
            f"{done.rows:,} rows emptied."
        )
        if done.told_on:
            console().print(
                f"{done.told_on:,} DELETEs now hold under other codes of their subjects too; the next run erases what lies there."
            )
        if done.removed or done.reduced:
            console().print("The log's old segments are cleaned within two days; `changes` and backups age out (400 days).")
    return 0
