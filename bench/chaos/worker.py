"""A checker or a profiler as it runs in production, around a processor that can be disturbed.

Told to FAIL it raises with the next work that came to anything in hand, before the transaction; told to FREEZE it stops its own
process there, until somebody sends SIGCONT.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace

from databus.bootstrap import checker, profiler
from databus.bootstrap.parts import main, process
from databus.bootstrap.worker import Work, run_worker
from databus.model.chunk import Outcome, Processor, Record, State
from databus.settings import Settings

FREEZE, FAIL = signal.SIGUSR1, signal.SIGUSR2
WORK = {"checker": checker.work_of, "profiler": profiler.work_of}


class Chaos(Exception):
    """A processor was told to fail."""


def disturbed(processor: Processor, told: set[int]) -> Processor:
    """The same processor, to which what is `told` happens once, with work in hand."""

    def process(chunk: Sequence[Record], state: State) -> Outcome:
        outcome = processor(chunk, state)
        if outcome.outputs and FREEZE in told:
            told.discard(FREEZE)
            os.kill(os.getpid(), signal.SIGSTOP)
        if outcome.outputs and FAIL in told:
            raise Chaos("as asked")
        return outcome

    return process


def run(arguments: Sequence[str]) -> int:
    """Work until told to stop; the exit code."""
    told: set[int] = set()
    for number in (FREEZE, FAIL):
        signal.signal(number, lambda heard, _: told.add(heard))
    parser = argparse.ArgumentParser()
    parser.add_argument("service", choices=sorted(WORK))
    asked = parser.parse_args(arguments)
    made = process(asked.service, Settings())

    def work() -> Work:
        plain = WORK[asked.service](made)
        return replace(plain, processor=disturbed(plain.processor, told))

    return main(asked.service, lambda: run_worker(made, work))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
