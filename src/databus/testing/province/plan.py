"""What the departments of the province send, and what should become of each submission: the oracle of the tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import accumulate, count, islice
from random import Random

from databus.contract.catalogue import Contract
from databus.model.keys import derived_id
from databus.testing.province.kinds import kinds
from databus.testing.province.planned import Planned, Shares
from databus.testing.province.story import Telling, story, telling_of
from databus.testing.province.subjects import PERSON, Subject, subjects

__all__ = ["Planned", "Shares", "plan"]


def plan(
    contract: Contract, *, subject_count: int, submissions: int, seed: int, as_of: date, shares: Shares | None = None
) -> Iterator[Planned]:
    """Submissions in the order in which they are sent; the same arguments give the same ones.

    Every subject that is no person is registered first; then facts about subjects drawn by weight, until there are enough.
    """
    telling = telling_of(contract, Random(seed), as_of, shares or Shares())
    people = subjects(subject_count, random=telling.random, contract=contract, as_of=as_of)
    for number, planned in enumerate(islice(_all(telling, people), submissions)):
        yield replace(planned, submission_id=derived_id("sample", seed, number))


def _all(telling: Telling, people: tuple[Subject, ...]) -> Iterator[Planned]:
    numbers, random, known = count(1), telling.random, kinds(telling.contract)
    for subject in (one for one in people if one.kind != PERSON):
        for kind in (one for one in known if one.once):
            yield from story(next(numbers), subject, kind, telling)
    repeated = [kind for kind in known if not kind.once]
    often = list(accumulate(kind.record_type.sample_weight for kind in repeated))
    weights = list(accumulate(one.weight for one in people))
    while True:
        subject = random.choices(people, cum_weights=weights)[0]
        kind = random.choices(repeated, cum_weights=often)[0]
        if subject.kind != PERSON or kind.of_persons:
            yield from story(next(numbers), subject, kind, telling)
