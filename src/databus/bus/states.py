"""The state of the partitions that are ours, from one rebalance to the next.

What stays ours stays in memory, if nobody has written in between; what does not goes before anything else is read, for there may be no
room for both. A state is of use only while it is what the committed transactions have made of it: one whose transaction is under way,
or has failed, is nobody's.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from databus.bus.address import BusAddress
from databus.bus.ledger import Place
from databus.bus.recovery import Progress, recover
from databus.bus.registers import Registers

Values = Mapping[bytes, bytes | None]
"""New values of registers; None removes."""


class States:
    """`topic` holds the registers, partition by partition those of the input; None where there is no state. `beat` and `progress`
    are told as by `recovery.recover`."""

    def __init__(self, address: BusAddress, topic: str | None, *, beat: Callable[[], None], progress: Progress) -> None:
        self._address, self._topic, self._beat, self._progress = address, topic, beat, progress
        self._held: dict[int, Registers] = {}

    def of(self, partition: int) -> Registers:
        """The state of a partition.

        Raises:
            KeyError: it was not loaded, or its last transaction did not end well. To begin without it would be to lose it.
        """
        return Registers() if self._topic is None else self._held[partition]

    def find(self, partition: int) -> Registers | None:
        """The same; None where there is none."""
        return self._held.get(partition)

    @contextmanager
    def committing(self, written: Mapping[int, Values]) -> Iterator[Mapping[Place, Values]]:
        """Around a transaction, which is to write what this gives. It is taken over once that is committed; if it may not be, the
        states are gone."""
        if self._topic is None:
            yield {}
            return
        topic, taken = self._address.topic(self._topic), {partition: self._held.pop(partition) for partition in written}
        yield {Place(topic, partition): values for partition, values in written.items() if values}
        for partition, state in taken.items():
            state.apply(written[partition])
        self._held.update(taken)

    def keep(self, partitions: Collection[int]) -> None:
        """Let go of all others."""
        left = {number: state for number, state in self._held.items() if number in partitions}
        gone, self._held = len(left) < len(self._held), left
        if gone:
            # What was made of their last chunks may refer to itself, and to them.
            gc.collect()

    async def load(self, partitions: Collection[int], *, wanted: Callable[[], bool]) -> bool:
        """Read the states of these partitions that are not held yet; False if they are `wanted` no more. Raises as `recovery.recover`."""
        if self._topic is None:
            return True
        missing = sorted(set(partitions) - set(self._held))
        read = await recover(self._address, self._topic, missing, wanted=wanted, beat=self._beat, progress=self._progress)
        self._held.update(read or {})
        return read is not None
