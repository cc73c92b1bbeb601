"""Subjects known by several codes, a partition each, and the log between them."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from databus.contract import wire
from databus.model import keys
from databus.model.chunk import Record
from databus.model.clock import Tick
from databus.model.event import Event, Op
from databus.profile.profiler import duty, processor
from folding import CODEC, CONTRACT, Line, said

CODES = {"O": ("CN-REG", "220102000002026"), "N": (keys.USCI, "91220102YYYY000207"), "M": (keys.USCI, "91220202YYYY000399")}
KEYS = {name: keys.organisation_key(code, scheme=scheme) for name, (scheme, code) in CODES.items()}


def of(subject: str, event: Event) -> Event:
    """The event as one of that subject, its key and codes included."""
    scheme, code = CODES[subject]
    key = "|".join((event.record_key, KEYS[subject])) if event.record_type in ("ADMIN_PENALTY", "LP_REGISTRATION") else event.record_key
    own = keys.derived_id(event.event_id, subject)
    return replace(event, subject_key=KEYS[subject], record_key=key, codes={scheme: code}, event_id=own)


def link(
    older: str, newer: str, seq: int = 1, *, withdrawn: bool = False, op: Op = Op.LINK, department: str = "market-regulation"
) -> list[Event]:
    """What a map becomes: the link under the newer code's key and under the older one's."""
    scheme, code = CODES[older]
    record = f"LP_CODE_MAP|{CODES[newer][1]}|{scheme}|{code}"
    made = replace(
        said("map", op, seq, department=department, withdrawn=withdrawn, uscc=CODES[newer][1], reg_no=code),
        record_key=record,
        link=(KEYS[older], KEYS[newer], CODES[newer][1]) if op is Op.LINK else (),
    )
    new, old = (replace(of(name, made), record_key=record) for name in (newer, older))
    return [replace(new, codes={**new.codes, scheme: code} if scheme != keys.USCI else new.codes), replace(old, original=new.event_id)]


class Province:
    """A partition for each subject, and the log between them; nothing is written into it by a rebuild, which does not `writes`."""

    def __init__(self, **how: Any) -> None:
        self.writes = how.get("writes", True)
        self.process = processor(CONTRACT, CODEC, **how)
        self.due = duty(CONTRACT, CODEC, **how)
        self.lines = {name: Line(self.process) for name in CODES}
        self.coming: dict[str, deque[tuple[bytes, bytes]]] = defaultdict(deque)
        self.log: list[tuple[str, bytes, bytes]] = []

    def send(self, *events: Event) -> Province:
        for event in events:
            self._append(event.subject_key, b"", wire.encode_event(CODEC, event))
        return self

    def tick(self, day: int, *names: str) -> Province:
        """Tell partitions of a day; without names, all."""
        for name in names or CODES:
            self._append(KEYS[name], b"", wire.encode_time(CODEC, Tick(day, 3)))
        return self

    def _append(self, key: str, record: bytes, value: bytes) -> None:
        name = next(name for name, known in KEYS.items() if known == key)
        self.log.append((name, record, value))
        self.coming[name].append((record, value))

    def take(self, name: str, count: int) -> None:
        """Fold the next records of one partition in one chunk."""
        line, some = self.lines[name], [self.coming[name].popleft() for _ in range(min(count, len(self.coming[name])))]
        chunk = [Record("events", 3, line.offset + at, 0, key, value) for at, (key, value) in enumerate(some)]
        if chunk:
            self._commit(line, self.process(chunk, line.state))
            line.offset += len(chunk)

    def attend(self, name: str) -> bool:
        """What the owner of a partition owes it; True if there was anything."""
        line = self.lines[name]
        outcome = self.due(3, line.state, 0, 0.0) if line.state.values and self._behind(name) else None
        if outcome is not None:
            self._commit(line, outcome)
        return outcome is not None

    def _behind(self, name: str) -> bool:
        value = self.lines[name].state.values.get(keys.pack("3", "clock"))
        return value is not None and wire.decode_clock(CODEC, value).behind

    def _commit(self, line: Line, outcome: Any) -> None:
        line.state.commit(outcome)
        for output in outcome.outputs:
            if output.topic == "events" and self.writes:
                self._append(output.route.decode(), output.key, output.value)
            elif output.topic != "events":
                line.outputs.append(output)

    def settle(self) -> Province:
        """Until nothing is on its way."""
        for _ in range(200):
            moved = [name for name in CODES if self.coming[name]]
            for name in moved:
                self.take(name, 100)
            if not any([self.attend(name) for name in CODES]) and not moved:
                return self
        raise AssertionError("it goes round and round")

    def shown(self, name: str) -> dict[str, str]:
        """Records that are there, and how they stand."""
        return {key: str(told[0]) for key, told in self.lines[name].current.items() if told[0] != "MOVED"}


def province(*events: Event | Iterable[Event]) -> Province:
    flat = [one for event in events for one in ([event] if isinstance(event, Event) else event)]
    return Province().send(*flat).settle()


PENALTY_O, PENALTY_N = (f"ADMIN_PENALTY|1|{KEYS[name]}" for name in "ON")
