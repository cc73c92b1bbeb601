"""The offsets of a worker's input that held nothing to be judged, told apart from those whose records were lost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from databus.bus.address import BusAddress
from databus.bus.notes import note
from databus.bus.offsets import beginnings, commits, ends, strays
from databus.bus.truncation import is_marker


class Empty(NamedTuple):
    """`known` held nothing: ends of transactions, what was aborted, our own markers. Of `untold` nobody can tell, for their records
    are deleted and were not counted when they were taken."""

    known: int
    untold: int


async def empty(address: BusAddress, group: str, topics: Iterable[str]) -> Empty:
    """How many of all offsets of these topics, be they deleted or not, up to what the group has committed and what lies behind it.

    To be asked when the group has taken everything. It is what the group has noted with its commits; where nothing is deleted the log
    is read too, and has the last word if it holds more records than the group took.

    Raises:
        BusUnavailable: the broker does not answer.
        Misconfigured: a topic does not exist or may not be read.
    """
    names = tuple(topics)
    committed = await commits(address, group, names)
    # What is deleted after this was read is of a partition that then has a beginning.
    readable = await strays(address, names, counts=lambda record: not is_marker(record))
    first, last = await beginnings(address, names), await ends(address, names)
    known = untold = 0
    for place, end in last.items():
        at, metadata = committed.get(place, (first[place], ""))
        noted = note(metadata, at)
        counted = noted.empty + end - max(at, first[place])
        if first[place]:
            known, untold = known + counted, untold + noted.since
        else:
            known += readable[place] if noted.since else min(counted, readable[place])
    return Empty(known, untold)
