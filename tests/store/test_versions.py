"""The arithmetic of versions."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from databus.store.versions import Version

VERSIONS = st.dictionaries(st.integers(0, 3), st.integers(0, 5), max_size=4).map(lambda offsets: Version(1, offsets))


@given(VERSIONS, VERSIONS)
def test_moving_never_goes_back(version: Version, other: Version) -> None:
    moved = version.moved(other.offsets)
    assert moved.covers(version) and moved.covers(other)
    assert moved == other.moved(version.offsets)


@given(VERSIONS, st.integers(0, 3), st.lists(st.integers(0, 9), min_size=1, max_size=6, unique=True))
def test_one_version_of_a_record_at_most_belongs_to_a_version_of_the_data(version: Version, part: int, places: list[int]) -> None:
    ends = [*sorted(places), None]
    lives = [(start, end) for start, end in pairwise(ends) if start is not None]
    held = [life for life in lives if version.holds(part, *life)]
    assert len(held) == (1 if version.at(part) >= min(places) else 0)
    assert all(start <= version.at(part) for start, _ in held)


def test_another_generation_covers_nothing() -> None:
    assert not Version(2, {0: 9}).covers(Version(1, {0: 1}))
    assert Version(1, {}).covers(Version(1, {0: -1}))
    assert not Version(1, {}).covers(Version(1, {0: 0}))
