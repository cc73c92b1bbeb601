"""The line's own work: every check of the checker, the whole fold of the profiler, on the sample province."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.merge.ground import Ground, Row, Spent
from bench.merge.table import at_most, middle, plain
from databus.bootstrap.parts import now
from databus.bus import registry, topics
from databus.cli.bench import Row as Measured
from databus.department.submission import compose
from databus.local.keys import department_secret
from databus.testing.province.plan import Planned, plan

_PER_SUBJECT = 10


@dataclass(frozen=True)
class Fed:
    """What was sent: how many submissions, and the topic that stands for each inbox."""

    inboxes: Mapping[str, str]
    count: int


def feed(ground: Ground, count: int, seed: int, *, name: str = "full") -> Fed:
    """Send the sample into inboxes of our own under a name, in the order in which five years brought it."""
    return feed_all(ground, sample(ground, count, seed), name=name)


def sample(ground: Ground, count: int, seed: int, *, subjects: int = 0) -> list[Planned]:
    """So many submissions of the sample, in the order in which five years brought them; on a tenth as many subjects, unless told."""
    asked = subjects or max(1, count // _PER_SUBJECT)
    found = plan(ground.here.contract, subject_count=asked, submissions=count, seed=seed, as_of=now().date())
    return sorted(found, key=lambda one: one.told)


def feed_all(ground: Ground, planned: Sequence[Planned], *, name: str) -> Fed:
    """Send these into inboxes of our own under a name."""
    like = next(name for name in map(topics.inbox, ground.here.contract.departments))
    inboxes = {inbox: ground.topic(f"{name}-{inbox}", like) for inbox in map(topics.inbox, ground.here.contract.departments)}
    ground.feed(submissions(ground, planned, inboxes), dict.fromkeys(inboxes.values(), 3))
    return Fed(inboxes, len(planned))


def submissions(ground: Ground, planned: Iterable[Planned], inboxes: Mapping[str, str]) -> Iterator[tuple[str, bytes, Row]]:
    """The sample as it goes into inboxes, each with the topic that stands for it and the key that routes it."""
    here, contract = ground.here, ground.here.contract
    codec = here.codec("admin")
    secrets = {slug: department_secret(here.keys, slug) for slug in contract.departments}
    for one in planned:
        made = compose(
            one.cut,
            codec=codec,
            record_type=contract.types[one.record_type],
            entry=contract.entries[one.catalog_code],
            system="sample",
            submission_id=one.submission_id,
            seq=one.seq,
            now=one.told,
            secret=secrets[one.department],
            told=one.told,
        )
        yield inboxes[topics.inbox(one.department)], made.key, (made.key, made.value, made.headers)


def measure(ground: Ground, count: int, seed: int, rounds: int) -> Iterator[Measured]:
    """Each round decodes, checks and folds all of it anew; medians count."""
    fed = feed(ground, count, seed)
    schemas = {str(number): json.loads(text) for number, text in registry.read(ground.here.address("admin")).items()}
    decoded: list[Spent] = []
    checked: list[Spent] = []
    folded: list[Spent] = []
    for turn in range(rounds):
        asked = ground.order(tuple(fed.inboxes.values()), group=f"full-decode-{turn}", count=count, schemas=schemas)
        decoded.append(ground.ask("reading", asked))
        checked.append(check(ground, fed, f"full-{turn}"))
        folded.append(fold(ground, f"full-{turn}"))
    yield plain("full work: decode the submissions once (aiokafka, fastavro)", middle([one.each for one in decoded]), "µs CPU/event")
    yield plain("full work: checker, all checks", middle([one.each for one in checked]), "µs CPU/event")
    yield plain("full work: profiler, whole fold", middle([one.each for one in folded]), "µs CPU/event")
    ratios = [(one.each + two.each) / floor.each for one, two, floor in zip(checked, folded, decoded, strict=True)]
    yield at_most("full work: (checker + profiler) / decode", middle(ratios), 10.0)


def check(ground: Ground, fed: Fed, name: str) -> Spent:
    """Check all submissions into `<name>-events`. What is found is kept apart too: the line must not believe it of what it is sent."""
    refused = [topics.quarantine(department) for department in ground.here.contract.departments]
    names = {
        **fed.inboxes,
        topics.EVENTS: ground.topic(f"{name}-events", topics.EVENTS),
        topics.FINDINGS: ground.topic(f"{name}-findings", topics.FINDINGS),
        **dict.fromkeys(refused, ground.topic(f"{name}-quarantine", refused[0])),
    }
    return ground.ask("ours", ground.order((), group=f"{name}-check", count=fed.count, work="checker", names=names))


def fold(ground: Ground, name: str, registers: str = "", group: str = "", after: int = 0, *, owed: bool = False) -> Spent:
    """Fold all of `<name>-events` into registers of its own, or into those that are there; the first `after` are not measured.

    With `owed` also what they leave to be judged, of one partition, from the first event on.
    """
    group = group or f"{name}-fold"
    names = {
        topics.EVENTS: f"{name}-events",
        topics.CHANGES: ground.topic(f"{group}-changes", topics.CHANGES),
        topics.REGISTERS: registers or ground.topic(f"{group}-registers", topics.REGISTERS),
        topics.FINDINGS: ground.topic(f"{group}-findings", topics.FINDINGS),
    }
    count = ground.records(f"{name}-events")
    return ground.ask("ours", ground.order((), group=group, count=count, work="profiler", names=names, after=after, owed=owed))
