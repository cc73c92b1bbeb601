"""Who may do what on the bus (design 6), as data: one user per department and per process, nothing by default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from databus.bus import topics
from databus.bus.topics import inbox, quarantine

READ, WRITE, DELETE, DESCRIBE = "READ", "WRITE", "DELETE", "DESCRIBE"
TOPIC, GROUP, TRANSACTION = "TOPIC", "GROUP", "TRANSACTIONAL_ID"
PROCESSES = ("registrar", "intake", "checker", "profiler", "projector", "gateway", "eraser", "rebuild", "operator")

_TRAIL = (topics.DECISIONS, topics.DELIVERIES, topics.AUDIT)


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One permission. `name` is bare; `begins` makes it a prefix of names."""

    user: str
    kind: str
    name: str
    operation: str
    begins: bool = False


def grants(departments: Iterable[str]) -> frozenset[Grant]:
    """Every permission of every user."""
    slugs = tuple(departments)
    every = [topic.name for topic in topics.table(slugs)]
    found = {grant for slug in slugs for grant in _department(slug)}
    for user, (reads, writes) in _processes(slugs).items():
        found.update(_on_topics(user, (*reads, topics.SCHEMAS), READ))
        found.update(_on_topics(user, writes, WRITE))
    found.update(_worker("checker", "checker-slot-"))
    found.update(_worker("profiler", "profiler-"))
    found.update(_worker("rebuild", "rebuild-"))
    found.update(_worker("registrar", "registrar"))
    found.add(Grant("projector", GROUP, "projector", READ))
    # A rebuild is the profiler of the next generation until that is the present one.
    found.add(Grant("rebuild", GROUP, "profiler", READ))
    for user in ("profiler", "projector", "operator"):
        found.update(_on_topics(user, (topics.GENERATIONS,), READ))
    # A state secret is truncated away by the checker, which then appends the marker that rolls the segment.
    found.update(_on_topics("checker", map(inbox, slugs), DELETE))
    # Sizes and lag are shown to the operator, who may not read what departments send.
    found.update(Grant("operator", TOPIC, name, DESCRIBE) for name in every)
    found.update(Grant("operator", GROUP, name, DESCRIBE) for name in ("checker", "profiler", "projector"))
    return frozenset(found)


def _processes(slugs: tuple[str, ...]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    inboxes, refused = tuple(map(inbox, slugs)), tuple(map(quarantine, slugs))
    return {
        "registrar": ((), (topics.EVENTS, topics.SCHEMAS, topics.PERMITS)),
        "intake": ((*inboxes, topics.FINDINGS, *refused), (*inboxes, topics.FINDINGS, topics.DECISIONS)),
        "checker": (inboxes, (*inboxes, topics.EVENTS, topics.FINDINGS, *refused)),
        "profiler": ((topics.EVENTS, topics.REGISTERS), (topics.EVENTS, topics.REGISTERS, topics.CHANGES, topics.FINDINGS)),
        "projector": ((topics.CHANGES, topics.FINDINGS, topics.PERMITS, *_TRAIL), (topics.AUDIT, topics.FINDINGS)),
        "gateway": ((topics.CHANGES, topics.PERMITS, *_TRAIL), (topics.PERMITS, topics.DECISIONS, topics.DELIVERIES)),
        "eraser": ((topics.EVENTS,), (topics.EVENTS,)),
        "rebuild": ((topics.EVENTS, topics.REGISTERS, topics.GENERATIONS), (topics.REGISTERS, topics.CHANGES, topics.GENERATIONS)),
        "operator": ((topics.EVENTS, topics.CHANGES, topics.FINDINGS, *_TRAIL), ()),
    }


def _department(slug: str) -> Iterator[Grant]:
    yield from _on_topics(slug, (inbox(slug),), WRITE)
    yield from _on_topics(slug, (topics.SCHEMAS,), READ)
    # A department may send in transactions of its own; a dot keeps `tax` and `tax-north` apart.
    yield from (Grant(slug, TRANSACTION, f"{inbox(slug)}.", operation, begins=True) for operation in (WRITE, DESCRIBE))


def _on_topics(user: str, names: Iterable[str], operation: str) -> Iterator[Grant]:
    for name in names:
        yield Grant(user, TOPIC, name, operation)
        yield Grant(user, TOPIC, name, DESCRIBE)


def _worker(user: str, transactions: str) -> Iterator[Grant]:
    yield Grant(user, GROUP, user, READ)
    yield from (Grant(user, TRANSACTION, transactions, operation, begins=True) for operation in (WRITE, DESCRIBE))
