"""What is noted beside a commit, and what is somebody else's."""

import pytest

from databus.bus.notes import Note, note
from databus.bus.truncation import MARKED, Duty


@pytest.mark.parametrize("noted", [Note(), Note(5, 3), Note(0, 9, Duty(7, 99)), Note(2, 0, Duty(7, MARKED, 2))])
def test_a_note_survives_in_the_metadata_of_a_commit(noted: Note) -> None:
    assert note(noted.metadata(), 100) == noted


@pytest.mark.parametrize("text", ["", "somebody else's", '{"unreadable": 3, "empty": 4}', "[]", "7"])
def test_what_is_not_ours_notes_nothing_and_counting_begins_at_the_commit(text: str) -> None:
    assert note(text, 100) == Note(since=100)


def test_a_duty_noted_before_anything_was_counted_stands() -> None:
    assert note('{"unreadable": [7, 99, 1]}', 100) == Note(100, 0, Duty(7, 99, 1))
