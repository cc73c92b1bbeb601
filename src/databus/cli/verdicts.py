"""What the line decided about rows just sent, as soon as PostgreSQL can tell."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from databus.cli.output import aside, failure
from databus.cli.session import Session
from databus.department.outcome import ACCEPTED, HELD, REJECTED, SENT, Remark, RowResult
from databus.errors import StoreUnavailable
from databus.model.finding import Finding, Verdict
from databus.store import findings, trace
from databus.store.sessions import Pool

_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose rows, and how many seconds to wait for the next verdict."""

    department: str
    seconds: float


def judged(here: Session, pages: Iterable[list[RowResult]], asked: Asked) -> Iterator[RowResult]:
    """The same rows with their verdicts, page by page; those without one in time stay SENT, and so do all where the store is away."""
    answers = _Answers(here, asked)
    for page in pages:
        wanted = [one.submission_id for one in page if one.outcome == SENT]
        known = answers.of(wanted) if wanted else {}
        for one in page:
            outcome, remarks = known.get(one.submission_id, (one.outcome, one.remarks))
            yield one._replace(outcome=outcome, remarks=remarks)


class _Answers:
    """Asks for verdicts as long as there are any."""

    def __init__(self, here: Session, asked: Asked) -> None:
        self._here, self._asked = here, asked
        self._until = time.monotonic() + asked.seconds
        self._away = False

    def of(self, submissions: list[str]) -> dict[str, tuple[str, tuple[Remark, ...]]]:
        """Outcome and remarks by submission id."""
        if self._away:
            return {}
        try:
            return self._here.ask(lambda pool: self._await(pool, submissions))
        except StoreUnavailable as error:
            aside().print(failure(error.title, f"{error.detail}; the rows are sent, `databus findings` tells of them later"))
            self._away = True
            return {}

    async def _await(self, pool: Pool, submissions: list[str]) -> dict[str, tuple[str, tuple[Remark, ...]]]:
        left, known = set(submissions), dict[str, tuple[str, tuple[Remark, ...]]]()
        while True:
            found = await verdicts_of(pool, self._asked.department, left)
            if found:
                known |= found
                left -= found.keys()
                self._until = time.monotonic() + self._asked.seconds
            if not left or time.monotonic() >= self._until:
                return known
            await asyncio.sleep(_POLL_SECONDS)


async def verdicts_of(pool: Pool, department: str, submissions: set[str]) -> dict[str, tuple[str, tuple[Remark, ...]]]:
    accepted = await trace.accepted(pool, submissions)
    told = defaultdict[str, list[Finding]](list)
    for finding in await findings.of_submissions(pool, department, submissions):
        told[finding.submission_id].append(finding)
    known = {}
    for submission in submissions:
        verdicts = {one.verdict for one in told[submission]}
        if submission in accepted or Verdict.REJECT in verdicts or Verdict.HOLD in verdicts:
            outcome = ACCEPTED if submission in accepted else REJECTED if Verdict.REJECT in verdicts else HELD
            known[submission] = outcome, tuple(map(_remark, told[submission]))
    return known


def _remark(one: Finding) -> Remark:
    return Remark(one.rule, one.field, one.observed, one.message_en, one.suggestion or one.expected, one.verdict.value, one.finding_id)
