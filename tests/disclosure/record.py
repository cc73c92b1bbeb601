"""Asks OPA every question of the matrix and writes `answers.json`: `PYTHONPATH=tests python tests/disclosure/record.py`."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from databus.policy.opa import OpaDecider
from databus.testing.decider import record
from disclosure.matrix import ANSWERS, cases
from policy_engine import TOKEN, running_opa


async def answers(url: str) -> str:
    """Every answer of the OPA at this address."""
    async with OpaDecider(url, TOKEN, 5.0) as decider:
        return await record(decider, [case.question for case in cases()])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, running_opa(Path(folder) / "bundle") as opa:
        ANSWERS.write_text(asyncio.run(answers(opa.url)), "utf-8")
