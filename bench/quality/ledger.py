"""All rows with what must be found in them: 5 % with a fault, most of the others near to one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import islice
from random import Random

from bench.quality import broken, near, whole, wrong
from bench.quality.clean import Maker
from bench.quality.row import Row
from bench.quality.vectors import vectors
from databus.contract.catalogue import Contract
from databus.contract.entries import Check
from databus.model.keys import derived_id
from databus.profile.charter import charter_of
from databus.testing.province.subjects import PERSON

SHARE, NEARNESS = 0.05, 0.6
REGISTERED, STORIES = 0.08, 0.01
"""Shares of rows that register a subject, and that stand in clean stories of the whole profile."""
UNTIL = date(2026, 11, 26)
_ROUNDS = 400

PLANTS = {**broken.PLANTS, **wrong.PLANTS}


def ledger(contract: Contract, *, rows: int, seed: int) -> list[Row]:
    """That many rows, hand-written vectors among them, in the order of their days, each with its submission id."""
    maker = Maker(contract, Random(seed), UNTIL, crowd=rows * 2 + 8_000)
    faulty = [*vectors(maker), *_faulty(maker, int(rows * SHARE))]
    made = [*faulty, *_clean(maker, rows - len(faulty))]
    made.sort(key=lambda row: row.told)
    return [replace(row, name=derived_id("bench-quality", seed, rows, number)) for number, row in enumerate(made)]


def rules(contract: Contract) -> list[str]:
    """The rules that rows can break, every one of them."""
    return [row.code for row in contract.codes.rows("dq_rule") if row.more["level"] != "batch"]


def _faulty(maker: Maker, count: int) -> Iterator[Row]:
    """Rows with faults, rule by rule in turn until there are enough; what a story needs besides counts among the clean ones."""
    charter, turns = charter_of(maker.contract), Counter[str]()
    stories = {rule: whole.stories(maker, charter, tells) for rule, tells in whole.FAULTY.items()}
    planted, listed = 0, rules(maker.contract)
    while planted < count:
        for rule in listed:
            turns[rule] += 1
            story = next(stories[rule]) if rule in stories else _planted(maker, rule, turns[rule])
            planted += sum(bool(row.planted) for row in story)
            yield from story


def _planted(maker: Maker, rule: str, turn: int) -> list[Row]:
    # Maps of codes have rules of their own: what spoils a code elsewhere contradicts another one here.
    mapped = rule.startswith(wrong.OF_MAPS)
    kinds = [kind for kind in maker.kinds if (kind.record_type.maps is not None) == mapped]
    asked = [(kind, entry, check) for kind in kinds for check in kind.record_type.checks if check.rule == rule for entry in kind.entries]
    places = asked or [(kind, entry, Check(rule, "", {})) for kind in kinds for entry in kind.entries]
    for attempt in range(_ROUNDS):
        kind, entry, check = places[(turn + attempt * 7) % len(places)]
        plant = PLANTS[rule][(turn + attempt) % len(PLANTS[rule])]
        persons = PERSON in kind.kinds and (kind.kinds == {PERSON} or maker.random.random() < 0.3)
        subject = maker.subject(person=persons)
        row = maker.row(kind, subject=subject, entry=entry)
        spoilt = plant(row, check, maker) if row is not None else None
        if spoilt is not None:
            return [spoilt]
    raise LookupError(f"the contract has no place for {rule}")


def _clean(maker: Maker, count: int) -> Iterator[Row]:
    charter = charter_of(maker.contract)
    people = [maker.subject(person=None) for _ in range(max(2, int(count * REGISTERED)))]
    registered = [row for subject in people if subject.kind != "PERSON" for row in maker.registered(subject)]
    told = [row for story in islice(whole.stories(maker, charter, whole.CLEAN), int(count * STORIES / 2)) for row in story]
    yield from registered[:count]
    yield from told[: max(0, count - len(registered))]
    for row in islice(maker.facts(people), max(0, count - len(registered) - len(told))):
        yield _near(row, maker) if maker.random.random() < NEARNESS and row.record_type.maps is None else row


def _near(row: Row, maker: Maker) -> Row:
    """The row as near to a fault as it gets; as it was where this one has no place for the one drawn."""
    for _ in range(8):
        rule = maker.random.choice(list(near.NEAR))
        checks = row.checks(rule) or ([] if any(one.rule == rule for one in row.record_type.checks) else [Check(rule, "", {})])
        if checks and (close := maker.random.choice(near.NEAR[rule])(row, maker.random.choice(checks), maker)) is not None:
            return close
    return row
