"""The line in memory: submissions through the checker, and what it accepts through the profiler."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from databus.bus.partition import partition
from databus.contract import wire
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.submission import Submission
from databus.model.change import Kind
from databus.model.chunk import Output, Record
from databus.model.finding import Finding, Verdict
from databus.profile import profiler
from databus.quality import checker
from databus.testing.events import MemoryState

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
INBOX_PARTITIONS, EVENT_PARTITIONS = 3, 12


@dataclass(frozen=True)
class Fate:
    """What became of one submission: its outcome, its findings, and the kind of step an accepted one made."""

    outcome: str
    findings: tuple[Finding, ...]
    kind: Kind | None

    @property
    def refusals(self) -> list[tuple[str, str]]:
        """Rule and field of what stopped it, whoever hears of it."""
        return list(dict.fromkeys((one.rule, one.field) for one in self.findings if one.verdict is not Verdict.WARN))


def fed(sent: Iterable[tuple[str, Submission]], contract: Contract, codec: Codec, *, received: int) -> Mapping[str, Fate]:
    """The fate of each submission (department, submission), by submission id; `received` is the append time in milliseconds."""
    check = checker.processor(contract, codec, platform_key=b"p" * 32, quarantine_key=b"q" * 32, told_time=True)
    fold = profiler.processor(contract, codec)
    states = [MemoryState() for _ in range(EVENT_PARTITIONS)]
    ends: Counter[tuple[str, int]] = Counter()
    fates: dict[str, Fate] = {}
    for department, submission in sent:
        found, kinds, accepted = [], [], False
        record = _record(f"in.{department}", INBOX_PARTITIONS, ends, submission, received)
        for output in check([record], MemoryState()).outputs:
            if output.topic == "findings":
                found += wire.issued(codec, [output.value])
            elif output.topic == "events":
                accepted = True
                coming = deque([output])
                while coming:
                    event = _record("events", EVENT_PARTITIONS, ends, coming.popleft(), received)
                    outcome = fold([event], states[event.partition])
                    states[event.partition].commit(outcome)
                    coming += [one for one in outcome.outputs if one.topic == "events"]
                    changes = (wire.decode_change(codec, one.value or b"") for one in outcome.outputs if one.topic == "changes")
                    kinds += [change.kind for change in changes if change.submission_id == submission.submission_id]
        fates[submission.submission_id] = Fate(_outcome(accepted, found), tuple(found), kinds[0] if kinds else None)
    return fates


def _record(topic: str, partitions: int, ends: Counter[tuple[str, int]], sent: Submission | Output, received: int) -> Record:
    route = sent.route if isinstance(sent, Output) and sent.route is not None else sent.key
    place = (topic, partition(route or b"", partitions))
    ends[place] += 1
    return Record(*place, ends[place] - 1, received, sent.key, sent.value, sent.headers)


def _outcome(accepted: bool, found: Iterable[Finding]) -> str:
    verdicts = Counter(one.verdict for one in found)
    return "ACCEPTED" if accepted else "REJECTED" if verdicts[Verdict.REJECT] else "HELD"


def by_rule(fates: Iterable[Fate]) -> Mapping[str, list[Finding]]:
    """The findings by rule."""
    found = defaultdict(list)
    for fate in fates:
        for one in fate.findings:
            found[one.rule].append(one)
    return found
