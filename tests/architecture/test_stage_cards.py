"""The cards on the doors: from the first stage one comes to the world by following `Next`, and behind no card is code."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from itertools import pairwise

from architecture.tree import SRC, parsed

LINE = ("department", "bus", "quality", "profile", "policy", "gateway")
CARD = re.compile(r"Stage (\d) of (\d): ([^\n]+)\.?\n\nIn: ([^\n]+)\nOut: ([^\n]+)\nNext: ([^\n]+)\n?")


@dataclass(frozen=True)
class Card:
    number: int
    of: int
    verb: str
    takes: str
    gives: str
    following: str


def card(stage: str) -> Card:
    text = ast.get_docstring(parsed(SRC / "databus" / stage / "__init__.py")) or ""
    found = CARD.fullmatch(text + "\n")
    assert found, f"the card of {stage} does not read: Stage n of 6, In, Out, Next"
    return Card(int(found[1]), int(found[2]), *found.groups()[2:])


def test_the_cards_lead_from_the_department_to_the_world() -> None:
    walked, stage = [], LINE[0]
    while stage in LINE and stage not in walked:
        walked.append(stage)
        stage = card(stage).following.removeprefix("databus.")
    assert (tuple(walked), stage) == (LINE, "the world")


def test_the_cards_are_numbered_along_the_line() -> None:
    assert [(card(stage).number, card(stage).of) for stage in LINE] == [(number, len(LINE)) for number in range(1, len(LINE) + 1)]


def test_behind_a_card_there_is_no_code() -> None:
    for stage in LINE:
        assert len(parsed(SRC / "databus" / stage / "__init__.py").body) == 1, stage


def test_what_a_stage_gives_its_successor_takes() -> None:
    for giver, taker in pairwise(LINE):
        given, taken = (set(re.findall(r"[a-z]+", words.lower())) for words in (card(giver).gives, card(taker).takes))
        plain = {word.rstrip("s") for word in given} & {word.rstrip("s") for word in taken}
        # Between profile and policy lies the store: a change is read there as its label class.
        assert plain or (giver, taker) == ("profile", "policy"), f"{giver} gives {given}, {taker} takes {taken}"
