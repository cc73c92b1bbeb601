"""The numbered SQL as it ships."""

from __future__ import annotations

from databus.store.frame import shipped


def test_no_two_migrations_have_one_number_and_none_is_left_out() -> None:
    assert [migration.number for migration in shipped()] == list(range(1, len(shipped()) + 1))
