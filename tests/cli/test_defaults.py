"""What a command line leaves out must be as good as what it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from databus.cli.app import build


def options(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every option of every verb that has a number for a default, by the words that lead to it."""
    for one in command.params:
        if isinstance(one.default, int | float) and not isinstance(one.default, bool):
            yield f"{name} {one.opts[0]}".strip(), one
    for word, below in getattr(command, "commands", {}).items():
        yield from options(below, f"{name} {word}".strip())


def test_every_default_is_within_the_bounds_of_its_option() -> None:
    found = dict(options(typer.main.get_command(build())))
    bounded = {words: one for words, one in found.items() if one.min is not None or one.max is not None}
    assert "sample --subjects" in bounded
    wrong = {words: one.default for words, one in bounded.items() if not (one.min or 0) <= one.default <= (one.max or float("inf"))}
    assert not wrong
