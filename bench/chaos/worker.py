"""A checker or a profiler as it runs in production, around a processor that can be told to fail.

`worker.py checker --raising 0.02 --seed 7` raises in about every fiftieth chunk, after the work and before the transaction;
`--freezing 3` stops its own process there, at the third chunk that came to anything, until somebody sends SIGCONT.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from random import Random

from databus.bootstrap import checker, profiler
from databus.bootstrap.parts import main, process
from databus.bootstrap.worker import Work, run_worker
from databus.model.chunk import Outcome, Processor, Record, State
from databus.settings import Settings

WORK = {"checker": checker.work_of, "profiler": profiler.work_of}


class Chaos(Exception):
    """A processor was told to fail."""


def raising(processor: Processor, chance: float, choose: Random) -> Processor:
    """The same processor, losing its work at random."""

    def process(chunk: Sequence[Record], state: State) -> Outcome:
        outcome = processor(chunk, state)
        if choose.random() < chance:
            raise Chaos("as asked")
        return outcome

    return process


def freezing(processor: Processor, at: int) -> Processor:
    """The same processor, which stops its process with the work of chunk number `at` in hand."""
    numbers = count(1)

    def process(chunk: Sequence[Record], state: State) -> Outcome:
        outcome = processor(chunk, state)
        if outcome.outputs and next(numbers) == at:
            os.kill(os.getpid(), signal.SIGSTOP)
        return outcome

    return process


def run(arguments: Sequence[str]) -> int:
    """Work until told to stop; the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("service", choices=sorted(WORK))
    parser.add_argument("--raising", type=float, default=0.0)
    parser.add_argument("--freezing", type=int, default=0)
    parser.add_argument("--seed", default="")
    asked = parser.parse_args(arguments)
    made = process(asked.service, Settings())

    def work() -> Work:
        plain = WORK[asked.service](made)
        faulty = raising(plain.processor, asked.raising, Random(asked.seed)) if asked.raising else plain.processor
        return replace(plain, processor=freezing(faulty, asked.freezing) if asked.freezing else faulty)

    return main(asked.service, lambda: run_worker(made, work))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
