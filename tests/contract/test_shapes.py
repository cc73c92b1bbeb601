"""What the line tells comes back as it was told, whichever way it is read."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databus.contract import catalogue, wire
from databus.contract.reading import reader_of
from databus.contract.schemas import latest, self_contained
from databus.contract.shapes import noun_of
from databus.errors import Undecodable
from databus.model.change import Change
from databus.model.clock import Clock, Release, Tick
from databus.model.disclosure import DecisionRecord, Permit
from databus.model.event import Event
from databus.model.finding import Answer, Finding, FindingStatus
from databus.model.labels import parse_class

CONTRACT = catalogue.load(Path(__file__).parents[2] / "schemas")
CODEC = CONTRACT.codec()
MAKES = (("label_class", parse_class),)
TOLD: dict[type, tuple[Any, Any]] = {
    Event: (wire.encode_event, wire.decode_event),
    wire.Register: (wire.encode_register, wire.decode_register),
    wire.Head: (wire.encode_head, wire.decode_head),
    Clock: (wire.encode_clock, wire.decode_clock),
    Tick: (wire.encode_time, wire.decode_time),
    Release: (wire.encode_time, wire.decode_time),
    Change: (wire.encode_change, wire.decode_change),
    Finding: (wire.encode_finding, wire.decode_finding),
    Answer: (wire.encode_answer, wire.decode_told),
    Permit: (wire.encode_permit, wire.decode_permit),
    DecisionRecord: (wire.encode_decision, wire.decode_decision),
}
NUMBERS = {int: st.integers(-(2**31), 2**31 - 1), int | None: st.none() | st.integers(-(2**31), 2**31 - 1)}


def drawn(noun: type) -> st.SearchStrategy[Any]:
    hints = get_type_hints(noun)
    return st.builds(noun, **{name: NUMBERS[hint] if hint in NUMBERS else st.from_type(hint) for name, hint in hints.items()})


@pytest.mark.parametrize("noun", TOLD, ids=lambda noun: noun.__name__)
@settings(max_examples=20)
@given(data=st.data())
def test_a_noun_comes_back_as_it_was_told(noun: type, data: st.DataObject) -> None:
    encode, decode = TOLD[noun]
    told = data.draw(drawn(noun))
    written = encode(CODEC, told)
    assert decode(CODEC, written) == told
    # Of an older version it is read by way of its record.
    name, value = CODEC.decode(written)
    assert noun_of(noun, value, MAKES if noun is Change else ()) == told
    schema = json.loads(self_contained(latest(CONTRACT.schemas, name), CONTRACT.schemas))
    assert reader_of(schema, noun=noun, makes=MAKES if noun is Change else ())(written, 5) == (told, len(written))


def test_a_word_that_nobody_knows_here_is_undecodable() -> None:
    told = asdict(Answer("finding", "department", FindingStatus.ACK, by="steward", at=1))
    with pytest.raises(Undecodable, match="ASLEEP"):
        wire.decode_told(CODEC, CODEC.encode("databus.Answer", {**told, "status": "ASLEEP"}))


def test_what_is_of_another_schema_is_undecodable() -> None:
    with pytest.raises(Undecodable, match=r"expected a databus\.Event, found a databus\.Head"):
        wire.decode_event(CODEC, wire.encode_head(CODEC, wire.Head(wire.NEVER, 1)))
