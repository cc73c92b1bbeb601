"""Texts in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from databus.bus import ordered
from databus.bus.ordered import Ordered

TEXTS = st.integers(0, 3 * ordered.BLOCK).map(lambda number: b"%04d" % number)


class Counted(bytes):
    """A text that counts how often one is compared."""

    compared = 0

    def __lt__(self, other: bytes) -> bool:
        Counted.compared += 1
        return super().__lt__(other)


@given(st.sets(TEXTS), st.lists(st.tuples(st.booleans(), TEXTS)))
def test_it_is_a_sorted_set(texts: set[bytes], changes: list[tuple[bool, bytes]]) -> None:
    kept = Ordered(texts)
    for there, text in changes:
        (kept.add if there else kept.discard)(text)
        (texts.add if there else texts.discard)(text)
    assert list(kept) == sorted(texts)


def test_it_stays_in_order_as_it_grows_over_its_blocks_and_empties() -> None:
    kept, texts = Ordered(), [b"%05d" % (number * 7919 % 10_007) for number in range(5000)]
    for text in texts:
        kept.add(text)
    assert list(kept) == sorted(texts)
    for text in sorted(texts)[:-1]:
        kept.discard(text)
    assert list(kept) == [max(texts)]


def test_one_more_or_less_is_compared_with_few_of_the_others() -> None:
    def compared(size: int) -> int:
        kept = Ordered(Counted(b"%07d" % number) for number in range(size))
        Counted.compared = 0
        kept.discard(Counted(b"0000000"))
        kept.add(Counted(b"0000000"))
        return Counted.compared

    assert compared(100_000) <= 2 * compared(1_000) < 100
