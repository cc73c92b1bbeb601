"""The tree drawn in `errors.py` is the tree of its classes, and each says who must act and with which status."""

from __future__ import annotations

import inspect
import re

import pytest

from databus import errors
from databus.errors import DatabusError

DRAWN = re.compile(r"^    (?P<lead>[│├└─ ]*)(?P<name>[A-Z]\w+)(?: +(?P<status>\d{3}))?(?= |$)")


def drawing() -> dict[str, tuple[str, int]]:
    """Class → (its parent, its status) as drawn; a line without a status has its parent's."""
    path: list[tuple[str, int]] = []
    drawn: dict[str, tuple[str, int]] = {}
    for line in (errors.__doc__ or "").splitlines():
        if found := DRAWN.match(line):
            depth = len(found["lead"]) // 4
            del path[depth:]
            parent, inherited = path[-1] if path else ("Exception", 0)
            drawn[found["name"]] = parent, int(found["status"] or inherited)
            path.append((found["name"], int(found["status"] or inherited)))
    return drawn


def classes() -> dict[str, type[DatabusError]]:
    return {name: one for name, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, DatabusError)}


def test_the_drawing_is_the_tree() -> None:
    found = {name: (one.__base__.__name__, one.status) for name, one in classes().items() if one.__base__}
    assert {name: parent for name, (parent, _) in drawing().items()} == {name: parent for name, (parent, _) in found.items()}
    groups = {"Rejected"}  # drawn as 4xx: each of its children has a status of its own
    assert {name: told for name, (_, told) in drawing().items() if name not in groups} == {
        name: status for name, (_, status) in found.items() if name not in groups
    }


def test_every_class_says_what_it_is() -> None:
    for name, one in classes().items():
        assert (one.__dict__.get("__doc__") or "").endswith("."), name
        assert one.title, name


@pytest.mark.parametrize(("group", "statuses"), [("Rejected", range(400, 500)), ("Unavailable", [503]), ("Misconfigured", [500])])
def test_a_group_keeps_to_its_statuses(group: str, statuses: range | list[int]) -> None:
    members = [one for one in classes().values() if issubclass(one, getattr(errors, group))]
    assert len(members) > 3 and all(one.status in statuses for one in members)


def test_nobody_raises_a_mere_group() -> None:
    leaves = {name for name, one in classes().items() if not one.__subclasses__()}
    assert {"Rejected", "Unavailable", "Misconfigured", "DatabusError"}.isdisjoint(leaves)


def test_an_error_carries_one_sentence_and_facts() -> None:
    error = errors.TooManyRequests("Slower, please.", retry_after=3)
    assert (error.code, error.status, str(error), error.detail) == ("too-many-requests", 429, "Slower, please.", "Slower, please.")
    assert error.facts == {"retry_after": 3}


def test_codes_are_stable_names_of_their_own() -> None:
    codes = [one("x").code for one in classes().values()]
    assert len(set(codes)) == len(codes) and all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)
