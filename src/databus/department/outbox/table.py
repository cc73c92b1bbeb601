"""The outbox table, as the one relay that holds its lock sees it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import orjson

from databus.department.files.lines import LINE_LIMIT
from databus.department.outcome import REFUSED, SENT, Remark
from databus.errors import BadSettings, DataUnusable
from databus.store.sessions import Connection, translated

CHANNEL = "databus_outbox"
_LOCK = 0x6461_7461_6275_7302
"""Key of the advisory lock: it ends with the connection, so that a relay that dies leaves the outbox to the next one."""

_SECONDS = 30.0
_WAITING = f"""
SELECT id, record_type, entry, CASE WHEN octet_length(fact::text) <= {LINE_LIMIT} THEN fact::text END AS fact,
    (extract(epoch FROM written_at) * 1000)::bigint AS written, xmin::text AS version,
    ARRAY(SELECT r ->> 'finding_id' FROM jsonb_array_elements(coalesce(remarks, '[]'::jsonb)) r WHERE r ->> 'finding_id' <> '') AS findings
FROM databus_outbox WHERE state = 'WAITING' AND id > $2 ORDER BY id LIMIT $1
"""
# A row that was changed while it was on its way keeps waiting: what was sent is not what it says now.
_MARK = """
UPDATE databus_outbox o
SET state = n.state, submission_id = n.submission, inbox_partition = n.part, inbox_offset = n.at, taken_at = n.taken,
    remarks = n.remarks::jsonb
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::bigint[], $7::timestamptz[], $8::text[])
    AS n (id, version, state, submission, part, at, taken, remarks)
WHERE o.id = n.id AND o.state = 'WAITING' AND o.xmin::text = n.version
"""
_SENT = "SELECT id, submission_id FROM databus_outbox WHERE state = 'SENT' AND id > $1 ORDER BY id LIMIT $2"
_JUDGE = """
UPDATE databus_outbox o SET state = n.state, remarks = n.remarks::jsonb
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS n (id, state, remarks) WHERE o.id = n.id AND o.state = 'SENT'
"""


def ddl() -> str:
    """The table's definition, to be run in the department's database."""
    return Path(__file__).with_name("outbox.sql").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One row that has not left. `fact` is None where it is longer than a submission may be; `written` is milliseconds."""

    id: int
    record_type: str
    entry: str | None
    fact: str | None
    written: int
    version: str
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of a row: SENT with its place and time (milliseconds), or REFUSED with remarks."""

    row: Waiting
    submission_id: str = ""
    partition: int = -1
    offset: int = -1
    taken: int = -1
    remarks: tuple[Remark, ...] = ()

    @property
    def state(self) -> str:
        """SENT or REFUSED."""
        return REFUSED if self.remarks else SENT


class Outbox:
    """The table, through one connection."""

    def __init__(self, connection: Connection, news: asyncio.Event) -> None:
        self._connection = connection
        self._news = news

    async def lock(self) -> bool:
        """Have it for this connection alone, until the connection ends; false while another has it."""
        async with translated():
            return bool(await self._connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK))

    async def waiting(self, limit: int, *, after: int = 0) -> list[Waiting]:
        """The first rows that have not left, behind a row."""
        async with translated():
            rows = await self._connection.fetch(_WAITING, limit, after)
        return [Waiting(**{**dict(row), "findings": tuple(row["findings"])}) for row in rows]

    async def count(self) -> int:
        """How many rows have not left."""
        async with translated():
            return int(await self._connection.fetchval("SELECT count(*) FROM databus_outbox WHERE state = 'WAITING'"))

    async def mark(self, marks: Sequence[Mark]) -> None:
        """Write back what became of rows, in one transaction."""
        if not marks:
            return
        columns = zip(*(_columns(mark) for mark in marks), strict=True)
        async with translated():
            await self._connection.execute(_MARK, *map(list, columns))

    async def sent(self, after: int, limit: int) -> dict[str, int]:
        """Submission id → id of rows that have left and are not judged, behind a row."""
        async with translated():
            rows = await self._connection.fetch(_SENT, after, limit)
        return {row["submission_id"]: row["id"] for row in rows}

    async def judge(self, verdicts: Sequence[tuple[int, str, tuple[Remark, ...]]]) -> None:
        """Write back what the checker decided: id, state, remarks."""
        ids, states, remarks = zip(*verdicts, strict=True)
        async with translated():
            await self._connection.execute(_JUDGE, list(ids), list(states), [_json(one) for one in remarks])

    async def news(self, seconds: float) -> None:
        """Wait for a row; after so many seconds look anyway, since a notification may be lost with a connection."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)
        self._news.clear()


def _columns(mark: Mark) -> tuple[object, ...]:
    sent = not mark.remarks
    taken = datetime.fromtimestamp(mark.taken / 1000, UTC) if sent else None
    place = (mark.submission_id, mark.partition, mark.offset) if sent else (mark.submission_id or None, None, None)
    return (mark.row.id, mark.row.version, mark.state, *place, taken, _json(mark.remarks))


def _json(remarks: tuple[Remark, ...]) -> str | None:
    return orjson.dumps([one._asdict() for one in remarks]).decode() if remarks else None


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Outbox]:
    """The outbox of a database.

    Raises:
        StoreUnavailable: the department's PostgreSQL does not answer.
        DataUnusable: it has no outbox.
        BadSettings: the address is none.
    """
    news = asyncio.Event()
    async with translated():
        try:
            connection = await asyncpg.connect(dsn, timeout=_SECONDS, command_timeout=_SECONDS)
        except (ValueError, OverflowError) as error:
            raise BadSettings("--dsn is no address of a PostgreSQL such as postgresql://user@host:5432/database") from error
    try:
        async with translated():
            if await connection.fetchval("SELECT to_regclass('databus_outbox')") is None:
                raise DataUnusable("there is no table databus_outbox; `databus outbox ddl` prints it")
            await connection.add_listener(CHANNEL, lambda *_: news.set())
        connection.add_termination_listener(lambda _: news.set())
        yield Outbox(connection, news)
    finally:
        connection.terminate()
