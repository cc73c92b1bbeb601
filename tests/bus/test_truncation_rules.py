"""The duty to delete: what it says and who may not imitate it."""

from databus.bus.truncation import CLOSED, MARKED, MARKER_HEADERS, Duty, after, is_marker, submissions
from databus.model.chunk import Record


def record(offset: int, timestamp: int = 1_000, **more: object) -> Record:
    return Record("in.tax", 0, offset, timestamp, more.get("key"), more.get("value"), more.get("headers", ()))  # type: ignore[arg-type]


def test_a_duty_goes_through_its_stages() -> None:
    waiting = after(None, [record(4), record(5, 2_000)], [4], roll_seconds=10)
    assert waiting == Duty(5, 12_001)
    assert after(waiting, [record(6)], [], roll_seconds=10) == waiting
    assert not waiting.due(12_000)
    assert waiting.due(12_001)
    marked = waiting.marked()
    assert not marked.due(99_999)
    assert after(marked, [record(6), record(7)], [], roll_seconds=10) == marked
    closed = after(marked, [record(8), record(9, headers=MARKER_HEADERS)], [], roll_seconds=10)
    assert closed == Duty(9, CLOSED)
    assert after(closed, [record(10)], [], roll_seconds=10) is None


def test_another_secret_begins_again_in_every_stage() -> None:
    for standing in (None, Duty(3, 50), Duty(3, MARKED, 1), Duty(3, CLOSED)):
        found = after(standing, [record(7), record(8, headers=MARKER_HEADERS)], [7], roll_seconds=1)
        assert found == Duty(8, 2_001)


def test_each_of_two_secrets_on_their_way_has_its_marker() -> None:
    """The second came while the first one's marker had not been read yet: neither marker is a submission, and the last ends the duty."""
    first = after(None, [record(10)], [10], roll_seconds=1)
    assert first is not None
    second = after(first.marked(), [record(50)], [50], roll_seconds=1)
    assert second is not None and second.ahead == 1
    standing: Duty | None = second.marked()
    between = after(standing, [record(99), record(100, headers=MARKER_HEADERS)], [], roll_seconds=1)
    assert between == Duty(100, MARKED, 1)
    last = [record(150, headers=MARKER_HEADERS), record(151)]
    assert [one.offset for one in submissions(between, last)] == [151]
    assert after(between, last, [], roll_seconds=1) == Duty(150, CLOSED)
    late = after(second, [record(100, headers=MARKER_HEADERS)], [], roll_seconds=1)
    assert late == Duty(51, second.roll_at), "read before its own marker was due"


def test_what_others_append_is_judged_like_any_submission() -> None:
    both = [record(8, headers=MARKER_HEADERS), record(9, headers=MARKER_HEADERS)]
    assert [one.offset for one in submissions(Duty(3, MARKED, 1), both)] == [9]
    assert [one.offset for one in submissions(Duty(3, 50), both)] == [8, 9]
    assert [one.offset for one in submissions(None, both)] == [8, 9]


def test_a_marker_nobody_waits_for_deletes_nothing() -> None:
    assert after(None, [record(9, headers=MARKER_HEADERS)], [], roll_seconds=1) is None
    assert after(Duty(3, 50), [record(9, headers=MARKER_HEADERS)], [], roll_seconds=1) == Duty(3, 50)


def test_only_an_empty_record_is_a_marker() -> None:
    assert is_marker(record(1, headers=MARKER_HEADERS))
    assert not is_marker(record(1, headers=MARKER_HEADERS, value=b"x"))
    assert not is_marker(record(1, headers=MARKER_HEADERS, key=b"x"))
    assert not is_marker(record(1))
