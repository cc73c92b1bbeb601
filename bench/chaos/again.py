"""The same log once more, by one process to which nothing happens: what it makes of it is what the broken line must have made.

Beside the oracle, which tells the merge in its own words, this holds what that does not know: attributes, findings about the
whole, standings by time, every column of every table.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.chaos.evidence import Evidence
from bench.chaos.verdict import DOUBLED, LOST, STALE, Verdict
from databus.bus.registers import Registers
from databus.bus.topics import CHANGES, FINDINGS
from databus.cli.session import Session
from databus.contract import wire
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.local.connections import connected
from databus.model import keys
from databus.model.change import Change, Kind
from databus.model.chunk import Output, Record
from databus.model.finding import Finding
from databus.profile import profiler
from databus.profile.digest import digests
from databus.store import database, generations, projection
from databus.store.sessions import Connection, session

_AT_ONCE = 2000
_TABLES = sorted(generations.REBUILT - {"feed_floor", "erased", "positions"})
_SHOWN = 3
Told = Mapping[tuple[str, ...], object]


@dataclass
class Again:
    """What an undisturbed profiler has made of `events` so far, and what the broken ones left: registers by partition."""

    made: dict[int, Registers] = field(default_factory=lambda: defaultdict(Registers))
    left: dict[int, Registers] = field(default_factory=lambda: defaultdict(Registers))

    def fold(self, evidence: Evidence, contract: Contract, codec: Codec, verdict: Verdict) -> None:
        """Fold what came in, and hold profiles, attributes and findings of the profiler against it."""
        process, duty = profiler.processor(contract, codec), profiler.duty(contract, codec, writes=False)
        written: list[Output] = []
        for partition, records in _by_partition(evidence.events).items():
            state = self.made[partition]
            for at in range(0, len(records), _AT_ONCE):
                outcome = process(records[at : at + _AT_ONCE], state)
                state.apply(outcome.registers)
                written += outcome.outputs
            while (due := duty(partition, state, 0, 0.0)) is not None:
                state.apply(due.registers)
                written += due.outputs
        touched: dict[int, set[str]] = defaultdict(set)
        for record in evidence.registers:
            key = record.key or b""
            self.left[record.partition].put(key, record.value)
            touched[record.partition].add(keys.unpack(key)[0])
        for partition, subjects in touched.items():
            made, left = (_of(state[partition], subjects, codec) for state in (self.made, self.left))
            _compare(left, made, "profile of subject", verdict)
        changes = [(record.value or b"") for record in evidence.changes]
        again = [output.value or b"" for output in written if output.topic == CHANGES]
        _compare_steps(changes, again, codec, verdict)
        _compare(_attributes(changes, codec), _attributes(again, codec), "attribute", verdict)
        own = [output.value or b"" for output in written if output.topic == FINDINGS]
        _compare_findings([record.value or b"" for record in evidence.findings], own, codec, verdict)


def _by_partition(records: Iterable[Record]) -> Mapping[int, Sequence[Record]]:
    found = defaultdict[int, list[Record]](list)
    for record in records:
        found[record.partition].append(record)
    return found


def _of(state: Registers, subjects: set[str], codec: Codec) -> Told:
    groups = ((prefix, group) for prefix, group in state.groups() if keys.unpack(prefix)[0] in subjects)
    return {(subject,): digest for subject, digest in digests(groups, codec).items()}


def _attributes(values: Iterable[bytes], codec: Codec) -> Told:
    """What was last told of each attribute of each subject."""
    found: dict[tuple[str, ...], object] = {}
    for value in values:
        change = _change(value, codec)
        if change is not None and change.kind is Kind.ATTRIBUTED:
            found.update({(change.subject_key, state.name): state for state in change.attributes})
    return found


def _change(value: bytes, codec: Codec) -> Change | None:
    return wire.decode_change(codec, value) if codec.name(value) == "databus.Change" else None


def _compare_steps(found: Iterable[bytes], made: Iterable[bytes], codec: Codec, verdict: Verdict) -> None:
    """Each step as often as it should be, those of days and of the whole profile too."""
    told, expected = (Counter(f"{one.kind} {one.change_id}" for value in part if (one := _change(value, codec))) for part in (found, made))
    for name in sorted(expected - told):
        verdict.wrong(LOST, f"step {name}")
    for name in sorted(told - expected):
        verdict.wrong(DOUBLED, f"step {name}")


def _compare_findings(found: Iterable[bytes], made: Iterable[bytes], codec: Codec, verdict: Verdict) -> None:
    """What the profiler last said of each finding of its own; those of the checker, and answers of others, are not among them."""
    last, expected = _said(found, codec), _said(made, codec)
    for name, status in expected.items():
        verdict.require(name in last, LOST, f"finding {name} of the profiler")
        verdict.same(last.get(name, status), status, STALE, f"finding {name}")


def _said(values: Iterable[bytes], codec: Codec) -> Mapping[str, str]:
    told = (wire.decode_told(codec, value) for value in values)
    return {one.finding_id: str(one.status) for one in told if isinstance(one, Finding) or one.by == "profiler"}


def _compare(found: Told, made: Told, what: str, verdict: Verdict) -> None:
    for at in sorted(made.keys() - found.keys()):
        verdict.wrong(LOST, f"{what} {' '.join(at)}")
    for at in sorted(found.keys() - made.keys()):
        verdict.wrong(DOUBLED, f"{what} {' '.join(at)}")
    for at in sorted(found.keys() & made.keys()):
        verdict.require(found[at] == made[at], STALE, f"{what} {' '.join(at)}: {found[at]!r} instead of {made[at]!r}")


def load_again(here: Session, changes: Sequence[Record], codec: Codec, verdict: Verdict) -> None:
    """Hold every row that is made of `changes` against another load of them."""
    dsn = connected(here.settings, here.keys, "projector").postgres.dsn.get_secret_value()
    asyncio.run(loaded(dsn, changes, here.contract, codec, verdict, generation=here.present("admin").generation))


async def loaded(dsn: str, changes: Sequence[Record], contract: Contract, codec: Codec, verdict: Verdict, *, generation: int = 1) -> None:
    """Project what came in into tables beside the real ones, in one go, and hold every row of the real ones against them."""
    await generations.prepare(dsn, contract, number=generation, parts=1 + max((record.partition for record in changes), default=0))
    pool = await database.connect(dsn, size=1, timeout_seconds=600.0, schema=generations.SCHEMA)
    try:
        async with session(pool) as connection:
            for records in _by_partition(changes).values():
                for at in range(0, len(records), _AT_ONCE):
                    await projection.project(connection, CHANGES, records[at : at + _AT_ONCE], codec, contract, generation=generation)
            await compare_tables(connection, verdict)
    finally:
        await pool.close()


async def compare_tables(connection: Connection, verdict: Verdict) -> None:
    """Rows of a table that are not in its twin, and the other way round."""
    for table in _TABLES:
        real, twin = f"public.{table}", f"{generations.SCHEMA}.{table}"
        for kind, one, other in ((LOST, twin, real), (DOUBLED, real, twin)):
            rows = await connection.fetch(f"SELECT x::text AS row FROM (TABLE {one} EXCEPT ALL TABLE {other}) x LIMIT 100")
            for row in rows:
                verdict.wrong(kind, f"row of {table}: {row['row'][:400]}")
