"""Texts in order, in blocks: what one more or one less costs does not grow with how many there are."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import chain
from operator import itemgetter

BLOCK = 512
"""Texts in a block at first; one of twice as many is split."""

_first = itemgetter(0)


class Ordered:
    """A set of texts that is read from its smallest on."""

    def __init__(self, texts: Iterable[bytes] = ()) -> None:
        told = sorted(set(texts))
        self._blocks = [told[at : at + BLOCK] for at in range(0, len(told), BLOCK)]

    def __iter__(self) -> Iterator[bytes]:
        return chain.from_iterable(self._blocks)

    def add(self, text: bytes) -> None:
        """Put a text in its place, if it is not there."""
        if not self._blocks:
            self._blocks.append([text])
            return
        number = self._near(text)
        block = self._blocks[number]
        at = bisect_left(block, text)
        if at == len(block) or block[at] != text:
            block.insert(at, text)
        if len(block) > 2 * BLOCK:
            self._blocks[number : number + 1] = [block[:BLOCK], block[BLOCK:]]

    def discard(self, text: bytes) -> None:
        """Take a text out, if it is there."""
        if not self._blocks:
            return
        number = self._near(text)
        block = self._blocks[number]
        at = bisect_left(block, text)
        if at < len(block) and block[at] == text:
            del block[at]
        if not block:
            del self._blocks[number]

    def _near(self, text: bytes) -> int:
        # The last block that begins no later; no block is empty.
        return max(0, bisect_right(self._blocks, text, key=_first) - 1)
