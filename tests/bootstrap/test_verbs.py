"""`databus rebuild` and `databus erase` as an operator runs them: exit codes, documents, and nothing half done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from bootstrap.installation import Installation
from bootstrap.test_erasure import story
from bootstrap.test_rebuild import CURRENT, filled, history
from databus.bus import generations
from databus.bus.journal import Journal
from databus.cli.app import run

pytestmark = pytest.mark.live
Verb = Callable[..., Any]


@pytest.fixture
def verb(installation: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Verb:
    """Run one command line against the installation: its exit code and the JSON it said."""
    settings = installation.engines.settings
    told = {
        "DATABUS_HOME": str(settings.home),
        "DATABUS_KAFKA__PORT": str(settings.kafka.port),
        "DATABUS_BUS__PREFIX": installation.root.prefix,
        "DATABUS_POSTGRES__DSN": installation.dsn,
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)

    async def called(*arguments: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        code = await asyncio.to_thread(run, [*arguments, "--json"])
        said = capsys.readouterr()
        return code, json.loads(said.out or said.err)

    return called


async def test_a_rebuild_compares_swaps_and_can_be_repeated(installation: Installation, verb: Verb) -> None:
    made = installation
    await filled(made, history(made, count=80))
    current = await made.rows(CURRENT)

    code, said = await verb("rebuild", "--compare")
    assert (code, said["swapped"], said["differing"], await generations.current(made.root)) == (0, False, 0, 1)
    assert said["subjects"] == len({row["subject_key"] for row in current}) and len(said["partitions"]) == 12
    for generation in (2, 3):
        code, said = await verb("rebuild")
        assert (code, said["swapped"], said["generation"], await generations.current(made.root)) == (0, True, generation, generation)
        assert await made.rows(CURRENT) == current


async def test_damaged_registers_refuse_to_be_compared_and_are_made_again_unchecked(installation: Installation, verb: Verb) -> None:
    made = installation
    await filled(made, history(made, count=40))
    current = await made.rows(CURRENT)
    async with Journal(made.user("profiler")) as journal:
        await journal.append("registers", b"\x00\xffno", b"v")
    code, said = await verb("rebuild")
    assert code == 2 and said["error"] == "data-unusable" and "--unchecked" in said["detail"]
    assert await generations.current(made.root) == 1
    code, said = await verb("rebuild", "--unchecked")
    assert (code, said["swapped"], said["checked"], await generations.current(made.root)) == (0, True, False, 2)
    assert await made.rows(CURRENT) == current


async def test_erasing_says_first_what_is_due(installation: Installation, verb: Verb) -> None:
    made = installation
    await filled(made, story(made))
    code, said = await verb("erase")
    assert code == 0 and {one["record_key"] for one in said["due"]} == {"deleted", "afresh", "copied", "registration"}
    code, said = await verb("erase", "--run")
    assert code == 0 and said["removed"] == 9
    assert await verb("erase") == (0, {"due": []})
