"""Taking a batch back: what undoes each of its facts, and what is left alone and why. Pure: it knows what the store knew.

A record the batch has created is deleted; one it has changed goes back to what its source said before; an end or its
taking back is turned round. Whatever has been said of a record since stands: nobody's later word is overwritten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from databus.model.change import Kind
from databus.model.event import Op, facet
from databus.store.batches import Batch, Of, Said, Told

CONTENT, DELETED = facet(Op.UPSERT), facet(Op.DELETE)
ENDS = (facet(Op.REVOKE), facet(Op.REPAIR))


class Why(StrEnum):
    """Why something is left alone; the list `left_alone` says it in words."""

    REFUSED = "REFUSED"
    CHANGED = "CHANGED"
    UNCHANGED = "UNCHANGED"
    SHARED = "SHARED"
    FINAL = "FINAL"
    NOTE = "NOTE"
    GONE = "GONE"


@dataclass(frozen=True, slots=True)
class Undo:
    """`told` is the last word of the batch on a facet of a record, `all` every submission that spoke of it; `before` is what a
    content goes back to, None where it is deleted; `said` is what is taken back, as the store knows it. `seq` is the highest the
    batch gave the record."""

    told: Told
    all: tuple[Told, ...]
    op: Op
    seq: int
    said: Said
    before: Said | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """A submission of the batch whose effect stays."""

    told: Told
    why: Why


def plan(batch: Batch) -> tuple[tuple[Undo, ...], tuple[Left, ...]]:
    """What undoes the batch, and what of it is left alone."""
    undone: list[Undo] = []
    left: list[Left] = []
    for (of, _), group in _by_record(batch.told.values()).items():
        for one in _record(group, batch.said.get(of, ())):
            (undone if isinstance(one, Undo) else left).append(one)  # type: ignore[arg-type]
    return tuple(undone), tuple(left)


def _by_record(told: Iterable[Told]) -> Mapping[tuple[Of, str], list[Told]]:
    found = defaultdict[tuple[Of, str], list[Told]](list)
    for one in told:
        found[one.of, one.source].append(one)
    return found


def _record(group: Sequence[Told], said: Sequence[Said]) -> Iterator[Undo | Left]:
    facets = defaultdict[str, list[Told]](list)
    for one in sorted(group, key=lambda told: (told.seq, told.known_at, told.event_id)):
        facets[one.facet].append(one)
    deletes = False
    if told := facets.pop(CONTENT, None):
        found = list(_content(told, group, said))
        deletes = any(isinstance(one, Undo) and one.op is Op.DELETE for one in found)
        yield from found
    for name, told in facets.items():
        if deletes and name in ENDS:
            # It goes with the record.
            continue
        yield from _end(told, said) if name in ENDS else _lasting(told, Why.FINAL if name == DELETED else Why.NOTE)


def _content(told: Sequence[Told], group: Sequence[Told], said: Sequence[Said]) -> Iterator[Undo | Left]:
    # What was said twice counts once, but raises the number that a DELETE has to reach.
    news = [one for one in told if one.kind is not Kind.DUPLICATE]
    if not news:
        yield from _lasting(told, Why.UNCHANGED)
        return
    last, batch = news[-1], {one.event_id for one in group}
    ours = [one for one in said if one.source == last.source and one.facet == CONTENT]
    now = next((one for one in ours if one.event_id == last.event_id), None)
    since = any(one.event_id not in batch and one.known_at > last.known_at for one in said)
    if now is None or since or any(one.seq > last.seq for one in ours):
        yield from _lasting(told, Why.CHANGED)
        return
    earlier = [one for one in ours if one.event_id not in batch]
    if not earlier:
        others = any(one.source != last.source and one.facet == CONTENT for one in said)
        if others and now.deciding:
            # Its DELETE would take theirs along.
            yield from _lasting(told, Why.SHARED)
        else:
            yield Undo(last, tuple(told), Op.DELETE, max(one.seq for one in group), now)
        return
    before = max(earlier, key=lambda one: (one.seq, one.known_at))
    if before.mark == now.mark:
        yield from _lasting(told, Why.UNCHANGED)
    elif before.payload is None:
        yield from _lasting(told, Why.GONE)
    else:
        yield Undo(last, tuple(told), Op.CORRECT, max(one.seq for one in told), now, before)


def _end(told: Sequence[Told], said: Sequence[Said]) -> Iterator[Undo | Left]:
    last = told[-1]
    ours = [one for one in said if one.source == last.source and one.facet == last.facet]
    now = next((one for one in ours if one.event_id == last.event_id), None)
    if now is None or any(one.seq > last.seq for one in ours):
        yield from _lasting(told, Why.CHANGED)
    else:
        yield Undo(last, tuple(told), Op(last.op), last.seq, now, withdrawn=not now.withdrawn)


def _lasting(told: Iterable[Told], why: Why) -> Iterator[Left]:
    yield from (Left(one, why) for one in told)
