"""What the line decided about submissions just sent, as soon as PostgreSQL can tell."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from databus.model.finding import Finding
from databus.model.finding import Verdict as Severity
from databus.store import findings, trace

_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one submission (ACCEPTED, REJECTED, HELD) and the findings about it."""

    outcome: str
    findings: tuple[Finding, ...]


async def await_verdicts(pool: Any, submissions: Iterable[str], *, seconds: float) -> dict[str, Verdict]:
    """Verdicts by submission id; those not known in time are left out."""
    left, known, until = set(submissions), dict[str, Verdict](), time.monotonic() + seconds
    while left and time.monotonic() < until:
        accepted = await trace.accepted(pool, left)
        found = await findings.of_submissions(pool, left)
        for submission in left:
            told = found.get(submission, ())
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
