"""What the line decided about submissions just sent, as soon as PostgreSQL can tell."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from databus.model.finding import Finding
from databus.model.finding import Verdict as Severity
from databus.store import findings, trace
from databus.store.sessions import Pool

_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one submission (ACCEPTED, REJECTED, HELD) and the findings about it."""

    outcome: str
    findings: tuple[Finding, ...]


async def await_verdicts(pool: Pool, department: str, submissions: Iterable[str], *, seconds: float) -> dict[str, Verdict]:
    """Verdicts by submission id; those not known in time are left out."""
    left, known, until = set(submissions), dict[str, Verdict](), time.monotonic() + seconds
    while left and time.monotonic() < until:
        accepted = await trace.accepted(pool, left)
        found = defaultdict[str, list[Finding]](list)
        for finding in await findings.of_submissions(pool, department, left):
            found[finding.submission_id].append(finding)
        for submission in left:
            told = tuple(found[submission])
            verdicts = {finding.verdict for finding in told}
            if submission in accepted:
                known[submission] = Verdict("ACCEPTED", told)
            elif Severity.REJECT in verdicts:
                known[submission] = Verdict("REJECTED", told)
            elif Severity.HOLD in verdicts:
                known[submission] = Verdict("HELD", told)
        left -= known.keys()
        if left:
            await asyncio.sleep(_POLL_SECONDS)
    return known
