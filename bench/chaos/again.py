"""The same log once more, by one process to which nothing happens: what it makes of it is what the broken line must have made.

Beside the oracle, which tells the merge in its own words, this holds what that does not know: attributes, findings about the
whole, standings by time, every column of every table.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.chaos.evidence import Evidence, read_all
from bench.chaos.oracle import WHOLE
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
from databus.model.chunk import Outcome, Output, Processor, Record
from databus.model.finding import Finding
from databus.profile import profiler
from databus.profile.digest import digests
from databus.store import database, generations, projection
from databus.store.sessions import Connection, session

_AT_ONCE = 2000
_GROUP_PARTS = 2
_TOLD = ("answers", "findings")
_TABLES = sorted(generations.REBUILT - {"feed_floor", "erased", "positions"} | {*_TOLD})
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
        touched: dict[int, set[bytes]] = defaultdict(set)

        def take(partition: int, outcome: Outcome) -> None:
            self.made[partition].apply(outcome.registers)
            touched[partition].update(keys.prefix(key, _GROUP_PARTS) for key in outcome.registers)
            written.extend(outcome.outputs)

        for partition, records in _by_partition(evidence.events).items():
            state = self.made[partition]
            for at in range(0, len(records), _AT_ONCE):
                take(partition, process(records[at : at + _AT_ONCE], state))
            while (due := duty(partition, state, 0, 0.0)) is not None:
                take(partition, due)
        for record in evidence.registers:
            key = record.key or b""
            self.left[record.partition].put(key, record.value)
            touched[record.partition].add(keys.prefix(key, _GROUP_PARTS))
        for partition, groups in touched.items():
            made, left = self.made[partition], self.left[partition]
            # Numbers and times may differ where chunks were cut otherwise; what is equal to the byte need not be looked into.
            other = [prefix for prefix in groups if made.group(prefix) != left.group(prefix)]
            _compare(_digests(left, other, codec), _digests(made, other, codec), "profile of subject", verdict)
        changes = list(_changes((record.value for record in evidence.changes), codec))
        again = list(_changes((output.value for output in written if output.topic == CHANGES), codec))
        _compare_steps(changes, again, verdict)
        _compare(_attributes(changes), _attributes(again), "attribute", verdict)
        own = [output.value or b"" for output in written if output.topic == FINDINGS]
        _compare_findings([record.value or b"" for record in evidence.findings], own, codec, verdict)


def check_again(evidence: Evidence, check: Processor, codec: Codec, verdict: Verdict) -> None:
    """Hold what departments were told of their submissions, findings and answers, byte for byte against another check of them."""
    inboxes = defaultdict[str, list[Record]](list)
    for record in evidence.inboxes:
        inboxes[record.topic].append(record)
    made = {
        output.value
        for inbox in inboxes.values()
        for records in _by_partition(inbox).values()
        for at in range(0, len(records), _AT_ONCE)
        for output in check(records[at : at + _AT_ONCE], Registers()).outputs
        if output.topic == FINDINGS
    }
    found = {record.value for record in evidence.findings}
    for value in sorted(filter(None, made - found)):
        verdict.wrong(LOST, f"what the checker tells: {wire.decode_told(codec, value)}")
    for value in sorted(filter(None, found - made)):
        told = wire.decode_told(codec, value)
        # Findings about the whole are the profiler's, those of no submission the daily job's; answers come from others too.
        if isinstance(told, Finding) and told.inbox_offset >= 0 and not told.rule.startswith(WHOLE):
            verdict.wrong(DOUBLED, f"what the checker tells: {told}")


def _by_partition(records: Iterable[Record]) -> Mapping[int, Sequence[Record]]:
    found = defaultdict[int, list[Record]](list)
    for record in records:
        found[record.partition].append(record)
    return found


def _digests(state: Registers, groups: Iterable[bytes], codec: Codec) -> Told:
    held = ((prefix, state.group(prefix)) for prefix in groups)
    return {(subject,): digest for subject, digest in digests(((prefix, group) for prefix, group in held if group), codec).items()}


def _changes(values: Iterable[bytes | None], codec: Codec) -> Iterator[Change]:
    return (wire.decode_change(codec, value) for value in values if value is not None and codec.name(value) == "databus.Change")


def _attributes(changes: Iterable[Change]) -> Told:
    """What was last told of each attribute of each subject."""
    found: dict[tuple[str, ...], object] = {}
    for change in changes:
        if change.kind is Kind.ATTRIBUTED:
            found.update({(change.subject_key, state.name): state for state in change.attributes})
    return found


def _compare_steps(found: Iterable[Change], made: Iterable[Change], verdict: Verdict) -> None:
    """Each step as often as it should be, those of days and of the whole profile too."""
    told, expected = (Counter(f"{one.kind} {one.change_id}" for one in part) for part in (found, made))
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
    """Hold every row that is made of `changes` or of `findings` against another load of them."""
    dsn = connected(here.settings, here.keys, "projector").postgres.dsn.get_secret_value()

    def findings() -> Awaitable[Sequence[Record]]:
        return read_all(here.address("admin"), (FINDINGS,))

    generation = here.present("admin").generation
    asyncio.run(loaded(dsn, changes, findings, here.contract, codec, verdict, generation=generation))


async def loaded(
    dsn: str,
    changes: Sequence[Record],
    findings: Callable[[], Awaitable[Sequence[Record]]],
    contract: Contract,
    codec: Codec,
    verdict: Verdict,
    *,
    generation: int = 1,
) -> None:
    """Project what came in into tables beside the real ones, in one go, and hold every row of the real ones against them.

    `findings` is asked for all of that topic when the real rows stand still: a daily job may answer at any time.
    """
    await generations.prepare(dsn, contract, number=generation, parts=1 + max((record.partition for record in changes), default=0))
    pool = await database.connect(dsn, size=1, timeout_seconds=600.0, schema=generations.SCHEMA)
    try:
        async with session(pool) as connection:
            await _project(connection, CHANGES, changes, codec, contract, generation)
            for table in _TOLD:
                await connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (LIKE public.{table} INCLUDING ALL)")
            async with connection.transaction():
                await connection.execute(f"LOCK TABLE {', '.join(f'public.{table}' for table in _TOLD)} IN SHARE MODE")
                rows = await connection.fetch("SELECT part, next_offset FROM public.positions WHERE topic = $1", FINDINGS)
                reached = {row["part"]: row["next_offset"] for row in rows}
                told = [record for record in await findings() if record.offset < reached.get(record.partition, 0)]
                await _project(connection, FINDINGS, told, codec, contract, generation)
                await compare_tables(connection, verdict)
    finally:
        await pool.close()


async def _project(
    connection: Connection, topic: str, all_of_it: Sequence[Record], codec: Codec, contract: Contract, generation: int
) -> None:
    for records in _by_partition(all_of_it).values():
        for at in range(0, len(records), _AT_ONCE):
            await projection.project(connection, topic, records[at : at + _AT_ONCE], codec, contract, generation=generation)


async def compare_tables(connection: Connection, verdict: Verdict) -> None:
    """Rows of a table that are not in its twin, and the other way round."""
    for table in _TABLES:
        real, twin = f"public.{table}", f"{generations.SCHEMA}.{table}"
        for kind, one, other in ((LOST, twin, real), (DOUBLED, real, twin)):
            rows = await connection.fetch(f"SELECT x::text AS row FROM (TABLE {one} EXCEPT ALL TABLE {other}) x LIMIT 100")
            for row in rows:
                verdict.wrong(kind, f"row of {table}: {row['row'][:400]}")
