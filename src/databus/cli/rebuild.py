"""`databus rebuild`: the recovery drill. What the profiles are is made again from `events`, compared, and put in place."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, replace
from typing import Annotated

import typer

from databus.bootstrap.loading import load
from databus.bootstrap.rebuild import Compared, fold_again, put_in_place
from databus.bus import admin, generations
from databus.bus.address import BusAddress
from databus.cli.output import as_json, console, table
from databus.cli.progress import bar
from databus.cli.session import Session, session
from databus.local.connections import connected

_NAMED = 5


def rebuild(
    compare: Annotated[bool, typer.Option("--compare", help="stop after the comparison and remove what was made")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="go on with an interrupted rebuild instead of beginning afresh")] = False,
    unchecked: Annotated[bool, typer.Option("--unchecked", help="do not compare: the live registers are damaged or lost")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="keep the topics of the old generation")] = False,
    as_document: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> int:
    """Fold `events` again into the next generation, compare it with the live profiles, and swap where they agree.

    The line stays up: the live profiler goes on, readers keep the old rows until the new ones are there as a whole, and
    cursors of the old generation end with a 410. Interrupted, nothing has changed: run it again.
    """
    here, begun = session(), time.monotonic()
    old = here.present("rebuild")
    number = old.generation + 1
    _make_room(here, number, afresh=not resume)
    codec = here.codec("rebuild")
    with bar("Folding events again", quiet=as_document) as progress:
        found = asyncio.run(fold_again(old, here.contract, codec, checked=not unchecked, progress=progress))
    differing = [subject for one in found for subject in one.differing]
    swapped = not differing and not compare
    if swapped:
        asyncio.run(put_in_place(old))
        with bar("Loading the store", quiet=as_document) as progress:
            dsn = connected(here.settings, here.keys, "projector").postgres.dsn.get_secret_value()
            reader = replace(here.address("projector"), generation=number)
            asyncio.run(load(reader, dsn, codec, here.contract, progress=progress))
        if not keep:
            generations.remove(_root(here, old.generation))
    elif compare:
        generations.remove(_root(here, number))
    _show(found, number, unchecked=unchecked, swapped=swapped, seconds=time.monotonic() - begun, as_document=as_document)
    return 1 if differing else 0


def _make_room(here: Session, number: int, *, afresh: bool) -> None:
    if afresh:
        generations.remove(_root(here, number))
    admin.provision(
        _root(here, number),
        departments=tuple(here.contract.departments),
        passwords={},
        inbox_segment_ms=connected(here.settings, here.keys, "registrar").bus.inbox_segment_seconds * 1000,
    )


def _root(here: Session, number: int) -> BusAddress:
    return replace(here.address("registrar"), generation=number)


def _show(found: tuple[Compared, ...], number: int, *, unchecked: bool, swapped: bool, seconds: float, as_document: bool) -> None:
    said = "made, unchecked" if unchecked else "equal to the live ones"
    subjects, differing = sum(one.subjects for one in found), sum(len(one.differing) for one in found)
    if as_document:
        told = {
            "generation": number,
            "swapped": swapped,
            "checked": not unchecked,
            "subjects": subjects,
            "differing": differing,
            "seconds": round(seconds, 3),
        }
        print(as_json({**told, "partitions": [asdict(one) for one in found]}))
        return
    out = console()
    rows = [(one.partition, one.folded, one.subjects, len(one.differing), ", ".join(one.differing[:_NAMED])) for one in found]
    out.print(table("", ("partition", "folded up to", "profiles", "differ", "subjects that differ"), rows))
    if differing:
        out.print(f"\n{differing:,} of {subjects:,} profiles differ from the live ones: nothing was swapped; generation {number} is kept.")
        out.print("Look at their records (`databus walk`), or run the rebuild again: it begins afresh.")
    elif swapped:
        out.print(f"\nAll {subjects:,} profiles are {said}. Generation {number} is in place after {seconds:.1f} s.")
    else:
        out.print(f"\nAll {subjects:,} profiles are {said}; what was made has been removed.")
