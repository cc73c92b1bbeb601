"""What an event costs as the province grows: with a hundred times the registers, and on a subject with all the records there are."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count as counting
from itertools import islice

import psutil

from bench.chaos.evidence import read_all
from bench.merge import full
from bench.merge.ground import Ground, Row
from bench.merge.table import at_most, plain
from databus.bus import topics
from databus.cli.bench import Row as Measured
from databus.contract import wire
from databus.model import keys
from databus.model.chunk import Record
from databus.model.event import Event
from databus.profile.charter import charter_of
from databus.testing.province.plan import Planned

MORE, GOAL = 100, 1.2
EVENTS = 6_000
"""Measured at most, after as many that are not."""
REGISTER_BYTES = 2_700
"""Of memory per register of the sample, as the README tells."""
_SHARE = 0.8
_SIDES = (("heads-ten", 0), ("heads-one", 1))
_TURNS = {"ended": 1, "active": 2}
"""What is told of every subject, one after the other, and by how much its seq is above that of the registration."""


def registers(ground: Ground, count: int, seed: int) -> Iterator[Measured]:
    """Fold the same events beside `count` registers and beside a hundred times as many, if memory holds them."""
    many = count * MORE
    name = "grown"
    _check(ground, name, full.sample(ground, 2 * min(EVENTS, count), seed))
    full.fold(ground, name)
    template = _latest(ground, f"{name}-fold-registers")
    few_each = _beside(ground, name, template, count)
    able = many * REGISTER_BYTES < _SHARE * psutil.virtual_memory().available
    many_each = _beside(ground, name, template, many) if able else None
    yield plain(f"growth: profiler beside {count:,} registers", few_each, "µs CPU/event")
    yield plain(f"growth: profiler beside {many:,} registers", many_each, "µs CPU/event")
    yield at_most("growth: a hundred times the registers", None if many_each is None else many_each / few_each, GOAL)


def _latest(ground: Ground, topic: str) -> dict[bytes, bytes]:
    """The registers a topic holds, the last of each."""
    found: dict[bytes, bytes] = {}
    for record in asyncio.run(read_all(ground.here.address("admin"), [topic])):
        assert record.key is not None
        if record.value is None:
            found.pop(record.key, None)
        else:
            found[record.key] = record.value
    return found


def _beside(ground: Ground, name: str, template: Mapping[bytes, bytes], count: int) -> float:
    beside = ground.topic(f"{name}-{count}-registers", topics.REGISTERS, 1)
    ground.feed(islice(_copies(beside, template), count), {beside: 1})
    half = ground.records(f"{name}-events") // 2
    return full.fold(ground, name, beside, group=f"{name}-{count}", after=half).each


def _copies(topic: str, template: Mapping[bytes, bytes]) -> Iterator[tuple[str, bytes, Row]]:
    """The registers of subjects again and again, each time of other subjects."""
    parts = [(keys.unpack(key), value) for key, value in template.items()]
    subjects = [((one, rest), value) for (one, *rest), value in parts if _is_subject(one)]
    for turn in counting():
        for (one, rest), value in subjects:
            other = str(uuid.uuid5(uuid.UUID(one), str(turn)))
            yield topic, other.encode(), (keys.pack(other, *rest), value, ())


def _is_subject(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def subject(ground: Ground, count: int, seed: int) -> Iterator[Measured]:
    """Fold events of the same types on a subject with `count` records, and on as many subjects as give each ten.

    Those that speak for the subject's head are among the records, not among what is measured: see `heads`.
    """
    more = 2 * min(EVENTS, count)
    big, small = (full.sample(ground, count + more, seed, subjects=subjects) for subjects in (1, 0))
    # Types differ in what they cost: of each as many as both have.
    heads = {record_type for record_type, _ in charter_of(ground.here.contract).authorities}
    kinds = _kinds(big[count:], heads) & _kinds(small[count:], heads)
    one_each = _onto(ground, "one", big[:count], _of(kinds, big[count:]))
    ten_each = _onto(ground, "ten", small[:count], _of(kinds, small[count:]))
    yield plain("growth: profiler, subjects with ten records", ten_each, "µs CPU/step")
    yield plain(f"growth: profiler, one subject with {count:,}", one_each, "µs CPU/step")
    yield at_most("growth: the large subject", one_each / ten_each, GOAL)


def heads(ground: Ground, count: int, seed: int) -> Iterator[Measured]:
    """End a subject with `count` records and take it back, and as many subjects as give each ten.

    What that costs counts per record touched: each that was decided after the end is judged again, and told of in a finding or its end.
    """
    ten_each, one_each = (_turned(ground, name, full.sample(ground, count, seed, subjects=subjects)) for name, subjects in _SIDES)
    yield plain("growth: profiler, heads of subjects with ten records", ten_each, "µs CPU/record touched")
    yield plain(f"growth: profiler, the head of one subject with {count:,}", one_each, "µs CPU/record touched")
    yield at_most("growth: the head of the large subject", one_each / ten_each, GOAL)


def _turned(ground: Ground, name: str, planned: Sequence[Planned]) -> float:
    """What a record costs that the turns of its subject's head touch; one turn is done before the next is told."""
    _told(ground, name, {"before": planned, **{turn: list(_turns(ground, planned, turn)) for turn in _TURNS}})
    kept = _loaded(ground, name)
    cpu = sum(full.fold(ground, f"{name}-{turn}", kept, owed=True).cpu for turn in _TURNS)
    return cpu / sum(ground.records(f"{name}-{turn}-fold-findings") for turn in _TURNS) * 1e6


def _turns(ground: Ground, planned: Sequence[Planned], turn: str) -> Iterator[Planned]:
    """Every subject registered as ended before anything was decided on it, or as it was."""
    ended, above = charter_of(ground.here.contract).ended, _TURNS[turn]
    registered = [one for one in planned if one.record_type == ended.record_type and one.outcome == "ACCEPTED"]
    latest = {one.cut["subject"]["uscc"]: one for one in sorted(registered, key=lambda one: one.seq)}
    told = max(one.told for one in planned) + above
    for one in latest.values():
        said = one.cut["payload"]
        payload = {**said, "reg_state": "CANCELLED", ended.field: said["approved_on"]} if turn == "ended" else said
        cut = {**one.cut, "envelope": {**one.cut["envelope"], "source_seq": one.seq + above}, "payload": payload}
        yield replace(one, submission_id=keys.derived_id(one.submission_id, above), seq=one.seq + above, told=told, cut=cut)


def _kinds(planned: Sequence[Planned], heads: Collection[str]) -> Counter[str]:
    return Counter(one.record_type for one in planned if one.record_type not in heads)


def _of(kinds: Counter[str], planned: Sequence[Planned]) -> list[Planned]:
    left, found = Counter(kinds), list[Planned]()
    for one in planned:
        if left[one.record_type]:
            left[one.record_type] -= 1
            found.append(one)
    return found


def _onto(ground: Ground, name: str, before: Sequence[Planned], after: Sequence[Planned]) -> float:
    """What a step costs, be it an event's or that of another record which an event or the day it brings moves: a record that is judged
    and does not move makes none, and its cost is borne by those that do."""
    events = _told(ground, name, {"before": before, "after": after})["after"]
    spent = full.fold(ground, f"{name}-after", _loaded(ground, name), after=events // 2)
    return spent.cpu / _steps(ground, f"{name}-after-fold-changes", since=events - spent.events) * 1e6


def _loaded(ground: Ground, name: str) -> str:
    """The registers that what was told before leaves."""
    kept = ground.topic(f"{name}-registers", topics.REGISTERS, 1)
    full.fold(ground, f"{name}-before", kept)
    return kept


def _steps(ground: Ground, topic: str, *, since: int) -> int:
    """How many steps come from the events from an offset on."""
    codec, records = ground.here.codec("admin"), asyncio.run(read_all(ground.here.address("admin"), [topic]))
    told = (record.value for record in records if record.value is not None and wire.decode_time(codec, record.value) is None)
    return sum(wire.decode_change(codec, value).origin_offset >= since for value in told)


def _told(ground: Ground, name: str, parts: Mapping[str, Sequence[Planned]]) -> dict[str, int]:
    """Each part into `<name>-<part>-events`, in the order in which it was told, for both subjects are to see the same days pass; how
    many events it has."""
    codec = ground.here.codec("admin")
    _check(ground, f"{name}-inbox", [one for part in parts.values() for one in part])
    records = asyncio.run(read_all(ground.here.address("admin"), [f"{name}-inbox-events"]))
    told = sorted(((wire.decode_event(codec, record.value), record) for record in records if record.value is not None), key=_known_at)
    counts = dict[str, int]()
    for part, planned in parts.items():
        events, ids = ground.topic(f"{name}-{part}-events", topics.EVENTS, 1), {one.submission_id for one in planned}
        rows = ((events, b"", (record.key, record.value, record.headers)) for event, record in told if event.submission_id in ids)
        counts[part] = ground.feed(rows, {events: 1})
    return counts


def _known_at(pair: tuple[Event, Record]) -> int:
    return pair[0].known_at


def _check(ground: Ground, name: str, planned: Sequence[Planned]) -> None:
    """Into events of one partition: what is made once per partition is made before the clock starts."""
    ground.topic(f"{name}-events", topics.EVENTS, 1)
    full.check(ground, full.feed_all(ground, planned, name=name), name)
