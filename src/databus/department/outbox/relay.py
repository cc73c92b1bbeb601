"""The relay: what waits in the outbox leaves in its order, and what became of it is written back.

A row leaves again if it is not known to have been taken: under the same submission id and sequence number, so that the repeat
changes nothing. Whoever dies in between, relay, broker or database, loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.facts import Facts
from databus.department.files.lines import TOO_LONG
from databus.department.files.row import Row
from databus.department.foretelling import Prepared
from databus.department.outbox.table import Mark, Outbox, Waiting, opened
from databus.department.outcome import CHECKED, REFUSED, UNREADABLE, Remark, RowResult
from databus.department.publisher import Taken
from databus.department.sending import Sender
from databus.department.submission import Submission
from databus.errors import BusUnavailable, DatabusError, NotAllowed, Rejected, Unavailable

BATCH = 500
_PAUSE_SECONDS, _VERDICT_SECONDS = 1.0, 1.0

Verdicts = Callable[[Sequence[str]], Awaitable[Mapping[str, tuple[str, tuple[Remark, ...]]]]]
"""What the line decided about submissions: state and remarks by submission id, of those it has decided."""


class Bus(Sender, Protocol):
    """A connection to the inbox."""

    def close(self) -> None:
        """Let go of it."""
        ...


Connect = Callable[[], tuple[Bus, Codec]]
"""A new connection, and a codec with the registry's ids; raises Unavailable where the bus is away."""

log = logging.getLogger("databus.outbox")


@dataclass(frozen=True)
class Relaying:
    """Whose outbox, and what its rows are made submissions with. `secret` is the department's own HMAC key.

    A notification wakes the relay; without one it looks every `poll_seconds`. `patience_seconds` is how long the one that empties
    the outbox once waits for the next verdict.
    """

    department: str
    system: str
    contract: Contract
    secret: bytes
    poll_seconds: float = 5.0
    patience_seconds: float = 60.0

    def facts(self, codec: Codec) -> Facts:
        """What makes submissions of its rows."""
        return Facts(self.department, self.system, contract=self.contract, codec=codec, secret=self.secret)


def prepared(facts: Facts, row: Waiting) -> Submission | tuple[Remark, ...]:
    """The submission of a row, or what is wrong with it."""
    if row.fact is None:
        return (Remark(UNREADABLE, reason=TOO_LONG),)
    return facts.prepared(row.record_type, row.fact, seq=row.id, at=row.written, entry=row.entry, fixes=row.findings)


async def looked_through(outbox: Outbox, facts: Facts) -> AsyncIterator[Prepared]:
    """Every row that waits, in its order, as CHECKED with what there is to send or as REFUSED; none is sent or marked. The number of a
    row is its id."""
    after = 0
    while page := await outbox.waiting(BATCH, after=after):
        for row in page:
            shown, ready = Row(row.id, {}), prepared(facts, row)
            if isinstance(ready, Submission):
                yield RowResult(shown, CHECKED, ready.submission_id), ready
            else:
                yield RowResult(shown, REFUSED, "", ready), None
        after = page[-1].id


async def relay(dsn: str, *, relaying: Relaying, connect: Connect, verdicts: Verdicts, stop: asyncio.Event, once: bool = False) -> None:
    """Empty the outbox until told to stop; `once` ends when nothing waits and all is judged.

    A part that is away is tried again; with `once` it ends the work.

    Raises:
        DataUnusable: the database has no outbox.
        NotAllowed: the bus does not let this department write into its inbox.
        Unavailable: only with `once`.
    """
    while not stop.is_set():
        try:
            async with opened(dsn) as outbox:
                # Another relay may be at work: this one stands by.
                while not stop.is_set() and not await outbox.lock():
                    await _rest(stop)
                await _Work(outbox, relaying, connect, verdicts).until(stop, once=once)
            return
        except Unavailable as error:
            if once:
                raise
            log.warning(error.detail, extra={"code": error.code})
            await _rest(stop)


async def _rest(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), _PAUSE_SECONDS)
    except TimeoutError:
        return


class _Work:
    """One connection's work. A broken bus ends it, and the next one connects anew."""

    def __init__(self, outbox: Outbox, relaying: Relaying, connect: Connect, verdicts: Verdicts) -> None:
        self._outbox, self._relaying, self._connect, self._verdicts = outbox, relaying, connect, verdicts
        self._behind = 0
        self._heard = time.monotonic()

    async def until(self, stop: asyncio.Event, *, once: bool) -> None:
        told = self._relaying
        sender, codec = await asyncio.to_thread(self._connect)
        self._facts = told.facts(codec)
        try:
            while not stop.is_set():
                rows = await self._outbox.waiting(BATCH)
                if rows:
                    await self._send(sender, rows)
                pending = await self._judge()
                if not rows:
                    if once and (not pending or time.monotonic() - self._heard > self._relaying.patience_seconds):
                        return
                    await self._outbox.news(_VERDICT_SECONDS if pending else self._relaying.poll_seconds)
        finally:
            await asyncio.to_thread(sender.close)

    async def _send(self, sender: Sender, rows: Sequence[Waiting]) -> None:
        answers: dict[int, Taken | DatabusError] = {}
        ready = [(row, prepared(self._facts, row)) for row in rows]
        sent = [(row, one) for row, one in ready if isinstance(one, Submission)]
        failed = await asyncio.to_thread(_sent, sender, sent, answers)
        refused = [Mark(row, remarks=one) for row, one in ready if not isinstance(one, Submission)]
        await self._outbox.mark([*refused, *_marks(sent, answers)])
        if failed is not None:
            raise failed

    async def _judge(self) -> bool:
        """Write back verdicts of a page of rows that have left; true as long as some may have none."""
        page, begun = await self._outbox.sent(self._behind, BATCH), self._behind > 0
        # Page after page in turn, so that rows that get no verdict do not keep others from theirs.
        self._behind = max(page.values()) if len(page) == BATCH else 0
        if not page:
            return begun
        known = await self._decided(list(page))
        if known:
            self._heard = time.monotonic()
            await self._outbox.judge([(page[submission], state, remarks) for submission, (state, remarks) in known.items()])
        return begun or self._behind > 0 or len(known) < len(page)

    async def _decided(self, submissions: Sequence[str]) -> Mapping[str, tuple[str, tuple[Remark, ...]]]:
        try:
            return await self._verdicts(submissions)
        except Unavailable as error:
            # Facts are delivered whether or not anybody can tell what became of them.
            log.warning("no verdicts at the moment: %s", error.detail, extra={"code": error.code})
            return {}


def _sent(sender: Sender, rows: Iterable[tuple[Waiting, Submission]], answers: dict[int, Taken | DatabusError]) -> DatabusError | None:
    """Send rows and wait for all of them; what ends the work, if anything does."""
    for row, submission in rows:
        sender.publish(submission, partial(_note, answers, row.id))
    try:
        sender.flush()
    except BusUnavailable as error:
        return error
    return next((one for one in answers.values() if isinstance(one, DatabusError) and not _of_the_row(one)), None)


def _note(answers: dict[int, Taken | DatabusError], number: int, _: str, answer: Taken | DatabusError) -> None:
    answers[number] = answer


def _of_the_row(error: DatabusError) -> bool:
    return isinstance(error, Rejected) and not isinstance(error, NotAllowed)


def _marks(sent: Iterable[tuple[Waiting, Submission]], answers: Mapping[int, Taken | DatabusError]) -> list[Mark]:
    """Marks of what is known. Behind a row that must leave again, those of its key leave again too: their order is kept."""
    marks, again = [], set[bytes]()
    for row, submission in sent:
        answer = answers.get(row.id)
        if isinstance(answer, Taken) and submission.key not in again:
            marks.append(Mark(row, submission.submission_id, answer.partition, answer.offset, answer.time))
        elif isinstance(answer, DatabusError) and _of_the_row(answer):
            marks.append(Mark(row, submission.submission_id, remarks=(Remark(UNREADABLE, reason=answer.detail),)))
        else:
            again.add(submission.key)
    return marks
