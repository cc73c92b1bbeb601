"""Nouns are values: equal ones are one, and another is made of one by `replace`."""

from __future__ import annotations

import pickle

import pytest

from databus.model.nouns import dataclass, replace


@dataclass(frozen=True, slots=True)
class Place:
    partition: int
    name: str = "events"


@dataclass(frozen=True, slots=True)
class Alone:
    name: str


def test_equal_nouns_are_one_key() -> None:
    assert {Place(1): "a"}[Place(1, "events")] == "a" and Place(1) != Place(2)


def test_another_is_made_of_one_and_leaves_it_as_it_was() -> None:
    one = Place(1)
    assert replace(one, partition=2) == Place(2) and one == Place(1)
    assert replace(Alone("a"), name="b") == Alone("b")


def test_what_it_has_no_field_for_is_said() -> None:
    with pytest.raises(AttributeError, match="offset"):
        replace(Place(1), offset=7)  # type: ignore[call-arg]


def test_it_has_no_other_fields_and_goes_to_other_processes() -> None:
    assert not hasattr(Place(1), "__dict__") and pickle.loads(pickle.dumps(Place(1))) == Place(1)
