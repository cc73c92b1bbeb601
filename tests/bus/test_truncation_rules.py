"""The duty to delete: what it says and who may not imitate it."""

from databus.bus.truncation import MARKER_HEADERS, Duty, duty, extended, is_marker
from databus.model.chunk import Record


def record(offset: int, timestamp: int = 1_000, **more: object) -> Record:
    return Record("in.tax", 0, offset, timestamp, more.get("key"), more.get("value"), more.get("headers", ()))  # type: ignore[arg-type]


def test_a_duty_survives_in_the_metadata_of_a_commit() -> None:
    assert duty(Duty(7, 99).metadata()) == Duty(7, 99)
    assert duty("") is None
    assert duty("somebody else's") is None
    assert duty('{"unreadable": 3}') is None


def test_a_duty_stands_until_it_is_done_and_only_grows() -> None:
    standing = extended(None, [4], [record(4), record(5, 2_000)], roll_seconds=10)
    assert standing == Duty(5, 12_001)
    assert extended(standing, [], [record(6)], roll_seconds=10) == standing
    assert extended(standing, [8, 7], [record(8, 3_000)], roll_seconds=10) == Duty(9, 13_001)


def test_only_an_empty_record_is_a_marker() -> None:
    assert is_marker(record(1, headers=MARKER_HEADERS))
    assert not is_marker(record(1, headers=MARKER_HEADERS, value=b"x"))
    assert not is_marker(record(1, headers=MARKER_HEADERS, key=b"x"))
    assert not is_marker(record(1))
