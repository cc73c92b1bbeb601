"""A rebuild replaces what is made of `changes` and leaves the rest alone: of every table it must be known which it is."""

from __future__ import annotations

import re

from databus.store import frame, generations


def test_every_table_of_the_frame_is_either_rebuilt_or_shared() -> None:
    made = {name for one in frame.shipped() for name in re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", one.sql)}
    made -= {name for one in frame.shipped() for name in re.findall(r"DROP TABLE (\w+)", one.sql)}
    assert {"steps", "replies"} <= made
    assert made - generations.REBUILT - generations.SHARED == set()
    assert not generations.REBUILT & generations.SHARED
