"""What the sample did, one line per submission: the oracle that tests and `status` hold the system against."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from databus.testing.province.planned import Planned


@dataclass(frozen=True, slots=True)
class Line:
    """What should become of one submission; see `Planned`."""

    submission_id: str
    department: str
    record_type: str
    op: str
    record: int
    outcome: str
    rule: str
    field: str
    effect: str


def line_of(planned: Planned) -> Line:
    """The ledger's line of a submission."""
    return Line(
        planned.submission_id,
        planned.department,
        planned.record_type,
        str(planned.cut["envelope"]["op"]),
        planned.record,
        planned.outcome,
        planned.rule,
        planned.field,
        planned.effect,
    )


def write(path: Path, lines: Iterable[Line]) -> None:
    """One JSON array per line, in the order of sending."""
    with path.open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps([getattr(line, name) for name in Line.__slots__], ensure_ascii=False) + "\n")


def read(path: Path) -> Iterator[Line]:
    """The lines of a ledger."""
    with path.open(encoding="utf-8") as file:
        for text in file:
            yield Line(*json.loads(text))


def totals(lines: Iterable[Line]) -> Mapping[str, int]:
    """Submissions by outcome, and the accepted ones by effect."""
    counts: Counter[str] = Counter()
    for line in lines:
        counts["submissions"] += 1
        counts[line.outcome.lower()] += 1
        if line.effect:
            counts[line.effect.lower()] += 1
    return dict(counts)
