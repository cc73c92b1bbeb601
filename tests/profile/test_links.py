"""Links: what lay under an older code lies under the newer one, as long as that is so, whatever came first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databus.bus.registers import Registers
from databus.contract import wire
from databus.model import keys
from databus.model.change import Kind
from databus.model.event import Event, Op
from databus.testing.events import DAY
from folding import CODEC, KNOWN, NAME, OTHER_NAME, Line, said
from linked import CODES, KEYS, PENALTY_N, PENALTY_O, Province, link, of, province

TAX: dict[str, Any] = {"department": "taxation", "deciding": False}


def test_what_is_known_by_an_older_code_alone_lives_under_its_key() -> None:
    assert province(of("O", said("penalty", **TAX))).shown("O") == {PENALTY_O: "SHOWN"}


@pytest.mark.parametrize("late", [False, True])
def test_a_link_moves_it_to_the_newer_code_whichever_came_first(late: bool) -> None:
    told: list[Any] = [of("O", said("penalty", **TAX)), link("O", "N")]
    made = province(*(reversed(told) if late else told))
    assert made.shown("O") == {}
    assert made.shown("N") == {PENALTY_N: "SHOWN", link("O", "N")[0].record_key: "SHOWN"}
    (copy,) = [step for step in made.lines["N"].steps if step.record_key == PENALTY_N and step.kind is Kind.ADDED]
    assert copy.codes == {"CN-REG": CODES["O"][1], keys.USCI: CODES["N"][1]}
    assert (copy.submission_id, copy.original, copy.known_at) == ("", of("O", said("penalty", **TAX)).event_id, KNOWN)
    assert [step.moved_to for step in made.lines["O"].steps if step.kind is Kind.LINKED] == [KEYS["N"]]


def test_a_link_taken_back_gives_each_its_own_and_made_again_joins_them() -> None:
    made = province(of("O", said("penalty", **TAX)), of("N", said("penalty", number=2)), link("O", "N"))
    own = f"ADMIN_PENALTY|2|{KEYS['N']}"
    made.send(*link("O", "N", 2, withdrawn=True)).settle()
    assert (made.shown("O").get(PENALTY_O), made.shown("N").get(PENALTY_N), made.shown("N")[own]) == ("SHOWN", None, "SHOWN")
    assert made.shown("N")[link("O", "N")[0].record_key] == "REVOKED"
    made.send(of("O", said("penalty", seq=2, **TAX, content="更正"))).settle()
    made.send(*link("O", "N", 3)).settle()
    assert made.shown("O") == {}
    assert made.shown("N")[PENALTY_N] == "SHOWN" and "更正" in str(made.lines["N"].current[PENALTY_N])
    for line in made.lines.values():
        assert line.versions == list(range(1, len(line.versions) + 1))


def test_of_one_source_the_highest_seq_speaks_whichever_code_it_used() -> None:
    made = province(of("O", said("penalty", seq=5, content="旧码")), of("N", said("penalty", seq=4, content="新码")), link("O", "N"))
    assert "旧码" in str(made.lines["N"].current[PENALTY_N])
    made.send(of("N", said("penalty", Op.REVOKE, 6))).settle()
    assert made.shown("N")[PENALTY_N] == "REVOKED"
    made.send(*link("O", "N", 2, withdrawn=True)).settle()
    assert "新码" in str(made.lines["N"].current[PENALTY_N]) and made.shown("N")[PENALTY_N] == "REVOKED"
    assert made.shown("O")[PENALTY_O] == "SHOWN"


def test_two_contents_under_one_seq_and_two_codes_are_told_apart_and_held() -> None:
    made = province(of("O", said("penalty", content="旧码")), of("N", said("penalty", content="新码")), link("O", "N"))
    assert made.shown("N")[PENALTY_N] == "HELD"
    assert "DQ-UNI-03" in [rule for rule, *_ in made.lines["N"].open]
    made.send(*link("O", "N", 2, withdrawn=True)).settle()
    assert made.shown("N")[PENALTY_N] == "SHOWN" and made.lines["N"].open == []


def test_an_older_code_claimed_for_two_newer_ones_belongs_to_neither() -> None:
    made = province(of("O", said("penalty", **TAX)), link("O", "N"), link("O", "M", department="taxation"))
    assert made.shown("O")[PENALTY_O] == "SHOWN"
    assert PENALTY_N not in made.shown("N")
    assert [made.shown(name)[link("O", name)[0].record_key] for name in "NM"] == ["HELD", "HELD"]
    assert [made.lines[name].open for name in "NM"] == [[("DQ-UNI-04", "market-regulation", "")], [("DQ-UNI-04", "taxation", "")]]
    assert made.lines["O"].open == []
    made.send(*link("O", "M", 2, withdrawn=True, department="taxation")).settle()
    assert made.shown("O") == {} and made.shown("N")[PENALTY_N] == "SHOWN"
    assert [made.lines[name].open for name in "NMO"] == [[], [], []]


def test_a_chain_ends_at_the_newest_code_and_comes_apart_link_by_link() -> None:
    made = province(of("O", said("penalty", **TAX)), link("O", "N"), link("N", "M"))
    newest = f"ADMIN_PENALTY|1|{KEYS['M']}"
    assert (made.shown("O"), made.shown("N"), made.shown("M")[newest]) == ({}, {}, "SHOWN")
    assert made.lines["M"].current[newest]
    made.send(*link("O", "N", 2, withdrawn=True)).settle()
    assert newest not in made.shown("M") and made.shown("O")[PENALTY_O] == "SHOWN"
    made.send(*link("O", "N", 3), *link("N", "M", 2, withdrawn=True)).settle()
    assert newest not in made.shown("M") and made.shown("N")[PENALTY_N] == "SHOWN"


def test_links_in_a_ring_lead_nowhere_and_come_to_an_end() -> None:
    made = province(of("N", said("penalty", **TAX)), link("N", "M"), link("M", "N"))
    assert made.shown("N")[PENALTY_N] == "SHOWN" and f"ADMIN_PENALTY|1|{KEYS['M']}" not in made.shown("M")
    assert [rule for rule, *_ in made.lines["N"].open] == ["DQ-UNI-04"]


def test_a_deleted_link_is_none() -> None:
    made = province(of("O", said("penalty", **TAX)), link("O", "N"))
    made.send(*link("O", "N", 2, op=Op.DELETE)).settle()
    assert made.shown("O")[PENALTY_O] == "SHOWN" and PENALTY_N not in made.shown("N")


def test_what_would_have_moved_a_profile_that_has_moved_away_is_forwarded() -> None:
    made = province(link("O", "N"))
    made.send(of("O", said("penalty", seq=2, **TAX)), of("O", said("penalty", seq=1, **TAX, content="旧"))).settle()
    own = [step for step in made.lines["O"].steps if step.record_key == PENALTY_O]
    assert [(step.kind, step.pv, bool(step.submission_id)) for step in own] == [(Kind.FORWARDED, None, True), (Kind.HISTORY, None, True)]
    (copy,) = [step for step in made.lines["N"].steps if step.record_key == PENALTY_N and not step.attributes]
    assert (copy.kind, copy.original) == (Kind.ADDED, own[0].event_id)


def test_a_registration_known_by_its_old_number_speaks_for_the_subject_once_it_is_linked() -> None:
    old = of("O", said("registration", seq=1, domicile="长春市2号"))
    made = province(old, link("O", "N"))
    assert made.lines["N"].attributes["domicile"][0] == "AUTHORITY"
    made.send(*link("O", "N", 2, withdrawn=True)).settle()
    assert "domicile" not in made.lines["N"].attributes
    assert made.lines["O"].attributes["domicile"][0] == "PROVISIONAL"


def test_a_name_the_register_does_not_know_holds_what_came_along_a_link() -> None:
    made = province(of("N", said("registration")), of("O", said("penalty", **TAX, counterparty_name=OTHER_NAME)), link("O", "N"))
    assert made.shown("N")[PENALTY_N] == "HELD"
    assert ("DQ-CONS-01", "taxation", "counterparty_name") in made.lines["N"].open
    made.send(*link("O", "N", 2, withdrawn=True)).settle()
    assert made.lines["N"].open == [] and made.shown("O")[PENALTY_O] == "SHOWN"


def test_an_end_under_the_newer_code_counts_for_content_under_the_older_one() -> None:
    made = province(of("O", said("penalty", seq=1)), of("N", said("penalty", Op.REVOKE, 2)), link("O", "N"))
    assert made.shown("N")[PENALTY_N] == "REVOKED"
    erased = province(of("O", said("penalty", seq=1)), of("N", said("penalty", Op.DELETE, 2)), link("O", "N"))
    assert erased.shown("N")[PENALTY_N] == "DELETED"
    erased.send(*link("O", "N", 2, withdrawn=True)).settle()
    assert erased.shown("O")[PENALTY_O] == "SHOWN"


def test_a_copy_of_what_was_deleted_holds_nothing_of_it() -> None:
    made = province(of("O", said("penalty", content="请忘记")), of("O", said("penalty", Op.DELETE, 2)), link("O", "N"))
    assert made.shown("N")[PENALTY_N] == "DELETED"
    assert not [value for name, _, value in made.log if name == "N" and "请忘记".encode() in value]


@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_link_of_many_records_goes_in_slices_and_ends_in_the_same(size: int) -> None:
    made = (
        Province(slice_size=size).send(*(of("O", said("penalty", number=number, **TAX)) for number in range(9)), *link("O", "N")).settle()
    )
    assert (made.shown("O"), len(made.shown("N"))) == ({}, 10)
    made.send(*link("O", "N", 2, withdrawn=True)).settle()
    assert (len(made.shown("O")), len(made.shown("N"))) == (10, 1)


def test_a_subject_s_records_are_found_whenever_they_were_made() -> None:
    state = Registers()
    state.put(keys.pack("a", "1", "s", "content"), b"x")
    assert set(state.of("a")) == {keys.pack("a", "1")} and set(state.of("b")) == set()
    state.apply(
        {keys.pack("a", "2", "s", "content"): b"y", keys.pack("b", "1", "s", "content"): b"z", keys.pack("a", "1", "s", "content"): None}
    )
    assert (set(state.of("a")), set(state.of("b"))) == ({keys.pack("a", "2")}, {keys.pack("b", "1")})


# any order


@st.composite
def facts(draw: st.DrawFn) -> Event:
    kind, op = draw(st.sampled_from(["registration", "penalty", "penalty", "licence"])), draw(st.sampled_from([*Op][:6]))
    department = "market-regulation" if kind == "registration" else draw(st.sampled_from(["market-regulation", "taxation"]))
    more: dict[str, Any] = {"name" if kind == "registration" else "counterparty_name": draw(st.sampled_from([NAME, OTHER_NAME]))}
    event = said(
        kind,
        op,
        draw(st.integers(1, 3)),
        number=draw(st.integers(1, 2)),
        department=department,
        deciding=department == "market-regulation",
        withdrawn=op in (Op.REVOKE, Op.REPAIR, Op.ANNOTATE) and draw(st.booleans()),
        place=draw(st.integers(0, 1)),
        known_at=KNOWN + draw(st.integers(0, 2)) * DAY,
        **more,
    )
    return of(draw(st.sampled_from("ONM")), event)


@st.composite
def links(draw: st.DrawFn) -> list[Event]:
    older, newer = draw(st.sampled_from([("O", "N"), ("O", "N"), ("O", "M"), ("N", "M"), ("M", "N")]))
    op = draw(st.sampled_from([Op.LINK, Op.LINK, Op.LINK, Op.DELETE]))
    return link(older, newer, draw(st.integers(1, 3)), withdrawn=op is Op.LINK and draw(st.booleans()), op=op)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_order_repetition_and_chunking_on_any_days_ends_in_the_same_profiles(data: st.DataObject) -> None:
    told = data.draw(st.lists(facts(), max_size=7)) + [one for many in data.draw(st.lists(links(), min_size=1, max_size=4)) for one in many]
    days = data.draw(st.lists(st.integers(0, 1500), min_size=1, max_size=3))
    whole = Province().send(*told).settle().tick(max(days) + KNOWN // DAY).settle()
    mixed, split = data.draw(st.permutations(told + told[:3])), Province(slice_size=data.draw(st.sampled_from([1, 3, 100])))
    for event in mixed:
        split.send(event)
        if days[1:] and data.draw(st.booleans()):
            split.tick(min(days) + KNOWN // DAY, data.draw(st.sampled_from("ONM")))
        for name in data.draw(st.lists(st.sampled_from("ONM"), max_size=2)):
            split.take(name, data.draw(st.integers(1, 3)))
            if data.draw(st.booleans()):
                split.attend(name)
    split.tick(max(days) + KNOWN // DAY).settle()
    for name in CODES:
        one, other = whole.lines[name], split.lines[name]
        assert present(other) == present(one), name
        assert other.attributes == one.attributes
        assert other.sheet() == one.sheet()
        assert sorted(set(other.open)) == sorted(set(one.open))
        assert other.versions == list(range(1, len(other.versions) + 1))
        assert registers(other) == registers(one)


def present(line: Line) -> dict[str, Any]:
    return {key: told for key, told in line.current.items() if told[0] != "MOVED"}


def registers(line: Line) -> dict[bytes, Any]:
    """The merge state, byte for byte."""
    found = {}
    for key, value in line.state.values.items():
        if len(keys.unpack(key)) >= 4:
            register = wire.decode_register(CODEC, value)
            found[key] = register.event, tuple(sorted(register.rivals)), register.based
    return found
