"""The merge: one state whatever the order, and each rule of design 8 by hand."""

from __future__ import annotations

from functools import reduce

from hypothesis import given, settings
from hypothesis import strategies as st

from databus.model.event import Event, Op
from databus.profile.registers import Meeting, Profile, address, fold, join, lift, mark, meet, merged
from databus.testing.events import DAY, accepted

SOURCES = (("market-regulation", "core", True), ("market-regulation", "desk", True), ("taxation", "core", False))


@st.composite
def events(draw: st.DrawFn) -> Event:
    department, system, deciding = draw(st.sampled_from(SOURCES))
    op = draw(st.sampled_from(Op))
    return accepted(
        op,
        draw(st.integers(1, 3)),
        draw(st.sampled_from("ab")),
        department=department,
        system=system,
        deciding=deciding if draw(st.booleans()) else False,
        record_key=draw(st.sampled_from(("FACT|1", "FACT|2"))),
        withdrawn=op in (Op.REVOKE, Op.REPAIR, Op.ANNOTATE) and draw(st.booleans()),
        note=draw(st.sampled_from("12")),
        known_at=draw(st.integers(1, 4)) * DAY,
        place=draw(st.integers(0, 2)),
    )


def of(*told: Event) -> Profile:
    return reduce(fold, told, {})


many = st.lists(events(), max_size=12)


@given(many, many)
def test_join_does_not_mind_who_is_first(a: list[Event], b: list[Event]) -> None:
    assert join(of(*a), of(*b)) == join(of(*b), of(*a))


def test_equal_deletes_end_in_one_however_they_are_grouped() -> None:
    told = [accepted(Op.DELETE, known_at=day * DAY, place=place) for day, place in ((1, 2), (5, 1), (3, 0))]
    one, two, three = (of(event) for event in told)
    assert len({event.event_id for event in told}) == 3
    assert join(join(one, two), three) == join(one, join(two, three)) == join(join(one, three), two)


def test_which_of_two_copies_stands_does_not_depend_on_when_one_was_erased() -> None:
    gone, one, other = accepted(Op.DELETE), accepted(), accepted(deciding=False)
    assert join(of(gone, one), of(other)) == of(one, other, gone) == of(other, gone, one)


@given(many, many, many)
def test_join_does_not_mind_how_it_is_grouped(a: list[Event], b: list[Event], c: list[Event]) -> None:
    assert join(join(of(*a), of(*b)), of(*c)) == join(of(*a), join(of(*b), of(*c)))


@given(many)
def test_joining_twice_changes_nothing(a: list[Event]) -> None:
    assert join(of(*a), of(*a)) == of(*a)


@settings(max_examples=200)
@given(st.data())
def test_any_order_repetition_and_split_end_in_one_state(data: st.DataObject) -> None:
    told = data.draw(st.lists(events(), min_size=1, max_size=12))
    repeated = told + data.draw(st.lists(st.sampled_from(told), max_size=6))
    shuffled = data.draw(st.permutations(repeated))
    cut = data.draw(st.integers(0, len(shuffled)))
    assert join(of(*shuffled[:cut]), of(*shuffled[cut:])) == of(*told)


def test_the_highest_seq_stands_whatever_comes_last() -> None:
    old, new = accepted(seq=1, content="a"), accepted(seq=2, content="b")
    assert of(new, old) == of(old, new) == lift(new)


def test_equal_content_under_a_higher_seq_raises_the_seq() -> None:
    register = of(accepted(seq=1), accepted(seq=7, place=1))[address(accepted())]
    assert (register.seq, register.rivals) == (7, frozenset())


def test_two_contents_under_one_seq_are_both_kept_and_the_smaller_hash_stands() -> None:
    a, b = sorted((accepted(content="a"), accepted(content="b")), key=mark)
    register = of(b, a)[address(a)]
    assert (mark(register.event), register.rivals) == (mark(a), {mark(b)})


def test_a_higher_seq_settles_a_quarrel() -> None:
    register = of(accepted(content="a"), accepted(content="b"), accepted(seq=2, content="b"))[address(accepted())]
    assert (register.seq, register.rivals) == (2, frozenset())


def test_of_two_copies_of_one_content_the_one_known_first_stands() -> None:
    early, late = accepted(known_at=1, place=2), accepted(known_at=2, place=1)
    assert of(late, early)[address(early)].event == early


def test_setting_and_taking_back_an_end_under_one_seq_are_two_contents() -> None:
    register = of(accepted(Op.REVOKE, withdrawn=True), accepted(Op.REVOKE))[address(accepted(Op.REVOKE))]
    assert len(register.rivals) == 1


def test_each_facet_and_source_has_a_register_of_its_own() -> None:
    told = [accepted(), accepted(Op.REVOKE), accepted(Op.ANNOTATE, note="1"), accepted(Op.ANNOTATE, note="2"), accepted(system="desk")]
    assert len(of(*told)) == 5


def test_a_delete_leaves_nothing_of_the_payload() -> None:
    told = (accepted(content="secret"), accepted(Op.ANNOTATE, seq=2, content="note"), accepted(Op.DELETE, seq=3, content="which"))
    for register in of(*told).values():
        assert (register.event.body, register.event.subject_name, register.event.codes) == (b"", "", {})
    assert of(*told)[address(accepted())].event.content_hash == accepted(content="secret").content_hash


def test_content_older_than_a_delete_arrives_erased() -> None:
    assert of(accepted(Op.DELETE, seq=3), accepted(seq=2, content="secret"))[address(accepted())].event.body == b""


def test_content_newer_than_a_delete_is_kept() -> None:
    assert of(accepted(Op.DELETE, seq=3), accepted(seq=4, content="fresh"))[address(accepted())].event.body == b"fresh"


def test_a_decider_s_delete_erases_every_source_s_copy_and_a_forwarder_s_only_its_own() -> None:
    mine, theirs = accepted(content="mine"), accepted(content="copy", department="emergency", deciding=False, known_at=30_000 * DAY)
    assert of(accepted(Op.DELETE, seq=2), theirs)[address(theirs)].event.body == b""
    delete = accepted(Op.DELETE, seq=2, department="emergency", deciding=False)
    ended = of(mine, theirs, delete)
    assert (ended[address(mine)].event.body, ended[address(theirs)].event.body) == (b"mine", b"")


def test_what_another_deciding_system_says_after_a_delete_is_new() -> None:
    delete = accepted(Op.DELETE, seq=9, known_at=10 * DAY)
    before, after = (accepted(content="x", system="desk", known_at=day * DAY) for day in (9, 11))
    assert of(delete, before)[address(before)].event.body == b""
    assert of(delete, after)[address(after)].event.body == b"x"


def test_a_register_that_does_not_move_stays_the_same_object() -> None:
    mine = of(accepted(seq=2))
    assert fold(mine, accepted(seq=1))[address(accepted())] is mine[address(accepted())]


def test_how_an_event_meets_its_register() -> None:
    quiet, torn = of(accepted(seq=2))[address(accepted())], of(accepted(content="a"), accepted(content="b"))[address(accepted())]
    assert meet(None, accepted()) is Meeting.FIRST
    assert meet(quiet, accepted(seq=1)) is Meeting.OLDER
    assert meet(quiet, accepted(seq=2, place=1)) is Meeting.SAME
    assert meet(quiet, accepted(seq=3)) is Meeting.SAME
    assert meet(quiet, accepted(seq=3, content="b")) is Meeting.NEWER
    assert meet(quiet, accepted(seq=2, content="b")) is Meeting.RIVAL
    assert meet(torn, accepted(content="b")) is Meeting.SAME
    assert meet(torn, accepted(seq=2, content="b")) is Meeting.NEWER


@given(events())
def test_a_register_joined_with_itself_is_itself(event: Event) -> None:
    register = lift(event)[address(event)]
    assert merged(register, register) is register
