"""The bus in memory keeps the promises of the real one that the journey stands on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from databus.bus.partition import partition
from databus.model.chunk import Outcome, Output, Record, State
from journey.stages import bus_in_memory, check, fold, hand_over, keep
from journey.test_one_event import FIRM, OWN_COLUMNS, ROW


def test_a_record_lies_where_its_key_or_its_route_sends_it() -> None:
    bus = bus_in_memory()
    by_key = bus.append(Output("events", b"a key", b"1"))
    by_route = bus.append(Output("events", b"a key", b"2", route=FIRM.encode()))
    assert (by_key.partition, by_route.partition) == (partition(b"a key", 12), partition(FIRM.encode(), 12))
    assert bus.read("events") == tuple(sorted((by_key, by_route), key=lambda record: record.partition))
    with pytest.raises(KeyError):
        bus.append(Output("no-such-topic", b"", b""))


def test_a_processor_takes_every_record_once_and_keeps_its_registers() -> None:
    bus = bus_in_memory()
    seen: list[tuple[int, bytes | None]] = []

    def counting(chunk: tuple[Record, ...], state: State) -> Outcome:
        known = state.get(b"\x00\x01a\x00\x01b")
        seen.append((len(chunk), known))
        return Outcome((), {b"\x00\x01a\x00\x01b": str(int(known or b"0") + len(chunk)).encode()})

    for count in (2, 0, 3):
        for _ in range(count):
            bus.append(Output("events", b"same", b""))
        bus.work(counting, "events")
    assert seen == [(2, None), (3, b"2")]


def test_the_line_twice_over_writes_the_same_bytes() -> None:
    buses = [bus_in_memory(), bus_in_memory()]
    for bus in buses:
        keep(bus, hand_over(ROW, OWN_COLUMNS))
        check(bus)
        fold(bus)
    assert buses[0].read("events") == buses[1].read("events") and buses[0].read("changes") == buses[1].read("changes")


def test_a_state_secret_is_read_by_nobody_afterwards() -> None:
    bus, secret = bus_in_memory(), hand_over(ROW, OWN_COLUMNS, number=1)
    headers = tuple((name, b"MIMI" if name == "databus-secrecy" else value) for name, value in secret.headers)
    keep(bus, replace(secret, headers=headers))
    keep(bus, hand_over({**ROW, "文号": "吉环罚〔2026〕8号"}, OWN_COLUMNS, number=2))
    events, findings = check(bus)

    assert [found.rule for found in findings] == ["DQ-SEC-01"] and [event.seq for event in events] == [2]
    everywhere = [record.value or b"" for topic in ("in.ecology", "events", "findings", "quarantine.ecology") for record in bus.read(topic)]
    assert everywhere and not any("吉环罚〔2026〕7号".encode() in value for value in everywhere)
