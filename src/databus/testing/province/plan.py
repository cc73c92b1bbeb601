"""What the departments of the province send, and what should become of each submission: the oracle of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import accumulate, count, islice
from random import Random
from zlib import crc32

from databus.contract.catalogue import Contract
from databus.model.keys import derived_id
from databus.testing.province.conversions import Conversions
from databus.testing.province.kinds import kinds
from databus.testing.province.planned import Planned, Shares
from databus.testing.province.story import Telling, story, telling_of
from databus.testing.province.subjects import Subject, subjects

__all__ = ["Planned", "Shares", "plan"]

_RECORD_BITS, _DAY_BITS = 24, 40
"""Below the day of the sample a mark of its other arguments, below that the record and its step: 60 bits of a `source_seq`."""


def plan(
    contract: Contract,
    *,
    subject_count: int,
    submissions: int,
    seed: int,
    as_of: date,
    shares: Shares | None = None,
    first_subject: int = 0,
) -> Iterator[Planned]:
    """Submissions in the order in which they are sent; the same arguments give the same ones.

    Other arguments give other ids and sequence numbers, those of a later `as_of` higher ones: a province sent over another
    says something newer of the same records, never two things at once. Subjects are numbered from `first_subject` on: provinces
    of other numbers have none in common.

    What is said of a subject once comes first, as its registration; then the codes of some are mapped; then facts about subjects
    drawn by weight, until there are enough.
    """
    first_seq = as_of.toordinal() << _DAY_BITS | _mark(seed, subject_count) << _RECORD_BITS
    telling = telling_of(contract, Random(seed), as_of, shares or Shares(), first_seq=first_seq)
    people = subjects(subject_count, first=first_subject, random=telling.random, contract=contract, as_of=as_of)
    codes = Conversions(Random(f"codes {seed}"), telling.shares)
    for number, planned in enumerate(islice(_all(telling, people, codes), submissions)):
        yield replace(planned, submission_id=derived_id("sample", seed, subject_count, as_of.isoformat(), number))


def _mark(*arguments: int) -> int:
    return crc32(repr(arguments).encode()) >> 16


def _all(telling: Telling, people: tuple[Subject, ...], codes: Conversions) -> Iterator[Planned]:
    numbers, random, known = count(1), telling.random, kinds(telling.contract)
    first = [kind for kind in known if kind.once]
    for subject in people:
        for kind in first:
            yield from story(next(numbers), subject, kind, telling)
    mapping = [kind for kind in known if kind.record_type.maps is not None]
    codes.draw([one for one in people if any(kind.entry(one, random) for kind in mapping)])
    for kind in mapping:
        yield from codes.told(kind, telling)
    repeated = [kind for kind in known if not kind.once and kind.record_type.maps is None]
    often = list(accumulate(kind.record_type.sample_weight for kind in repeated))
    weights = list(accumulate(one.weight for one in people))
    while True:
        subject = random.choices(people, cum_weights=weights)[0]
        kind = random.choices(repeated, cum_weights=often)[0]
        yield from story(next(numbers), codes.known_as(subject) if kind.older else subject, kind, telling)
