"""Whose copy speaks for a record, and where the record stands. The rule sets are a fake here: shown until day 100, then hidden."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.model.event import Event, Op
from databus.model.labels import Publication, Standing
from databus.profile.registers import fold
from databus.profile.standing import Phase, Stand, Submission
from databus.profile.view import View, day_of, view
from databus.testing.events import DAY, accepted

LAST, MINIMUM = 100, 50


def rules(record_type: str, submission: Submission, day: int) -> Phase:
    light = ("light",) if submission["payload"]["text"] == "light" else ()
    shown = Stand(Standing.SHOWN, LAST + 1, "FAKE", light) if day <= LAST else Stand(Standing.HIDDEN, None, "FAKE", light)
    return Phase(shown, MINIMUM)


def read(event: Event) -> Submission:
    assert event.body, "erased content must not be asked for"
    return {"envelope": {}, "payload": {"text": event.body.decode()}}


def seen(*told: Event, day: int = MINIMUM) -> View:
    return view(tuple(reduce(fold, told, {}).values()), day, rules=rules, read=read)


def where(*told: Event, day: int = MINIMUM) -> tuple[Standing, int | None]:
    stand = seen(*told, day=day).stand
    return stand.standing, stand.wake


DECIDER = {"department": "emergency", "deciding": True}
FORWARDER = {"department": "taxation", "deciding": False}
OTHER = {"department": "ecology", "deciding": False}


def test_content_stands_as_its_lifecycle_says() -> None:
    assert where(accepted()) == (Standing.SHOWN, LAST + 1)
    assert where(accepted(), day=LAST + 1) == (Standing.HIDDEN, None)


@pytest.mark.parametrize(("op", "standing"), [(Op.REVOKE, Standing.REVOKED), (Op.REPAIR, Standing.REPAIRED), (Op.DELETE, Standing.DELETED)])
def test_an_end_ends_whether_it_comes_first_or_last(op: Op, standing: Standing) -> None:
    content, end = accepted(seq=1), accepted(op, seq=2)
    assert where(content, end) == where(end, content) == (standing, None)


@pytest.mark.parametrize("op", [Op.REVOKE, Op.REPAIR])
def test_an_end_without_content_waits(op: Op) -> None:
    assert where(accepted(op)) == (Standing.WAITING, None)


@pytest.mark.parametrize(("op", "standing"), [(Op.REVOKE, Standing.REVOKED), (Op.REPAIR, Standing.REPAIRED)])
def test_content_never_undoes_an_end_but_the_end_taken_back_does(op: Op, standing: Standing) -> None:
    ended = accepted(seq=1), accepted(op, seq=2), accepted(seq=3, content="newer")
    assert where(*ended)[0] is standing
    assert where(*ended, accepted(op, seq=4, withdrawn=True))[0] is Standing.SHOWN
    assert where(accepted(op, seq=4, withdrawn=True), *ended)[0] is Standing.SHOWN
    assert where(*ended, accepted(op, seq=1, withdrawn=True))[0] is standing


def test_content_newer_than_a_delete_starts_afresh_without_the_ends_before_it() -> None:
    told = accepted(seq=1), accepted(Op.REVOKE, seq=2), accepted(Op.DELETE, seq=3), accepted(seq=4, content="fresh")
    assert where(*told)[0] is where(*reversed(told))[0] is Standing.SHOWN
    assert where(*told, accepted(Op.REVOKE, seq=5))[0] is Standing.REVOKED


def test_a_delete_cannot_be_taken_back() -> None:
    assert where(accepted(), accepted(Op.DELETE, seq=2), accepted(Op.DELETE, seq=3, withdrawn=True))[0] is Standing.DELETED


def test_a_record_torn_between_two_contents_is_held_until_a_higher_seq() -> None:
    torn = accepted(content="a"), accepted(content="b")
    assert where(*torn) == where(*reversed(torn)) == (Standing.HELD, None)
    assert where(*torn, accepted(seq=2, content="b"))[0] is Standing.SHOWN
    assert where(*torn, accepted(Op.DELETE, seq=2))[0] is Standing.DELETED


def test_a_record_whose_end_is_torn_is_held() -> None:
    assert where(accepted(), accepted(Op.REVOKE, seq=2), accepted(Op.REVOKE, seq=2, withdrawn=True))[0] is Standing.HELD


def test_a_repair_takes_effect_after_the_minimum() -> None:
    repaired = accepted(), accepted(Op.REPAIR, seq=2)
    assert where(*repaired, day=MINIMUM - 1) == (Standing.SHOWN, MINIMUM)
    assert where(*repaired, day=MINIMUM) == (Standing.REPAIRED, None)


def test_revoked_outranks_repaired() -> None:
    assert where(accepted(), accepted(Op.REPAIR, seq=2), accepted(Op.REVOKE, seq=3))[0] is Standing.REVOKED


def test_a_decider_s_end_counts_for_every_copy_and_another_s_for_its_own() -> None:
    copies = accepted(content="copy", **FORWARDER), accepted(content="other", **OTHER)
    assert where(*copies, accepted(Op.REVOKE, seq=2, **DECIDER))[0] is Standing.REVOKED
    left = seen(*copies, accepted(Op.REVOKE, seq=2, **OTHER))
    assert (left.stand.standing, left.body) == (Standing.SHOWN, b"copy")
    assert where(*copies, accepted(Op.REVOKE, seq=2, **OTHER), accepted(Op.REVOKE, seq=2, **FORWARDER))[0] is Standing.REVOKED


def test_the_decider_s_copy_speaks_even_where_it_sorts_last_or_comes_last() -> None:
    copies = [accepted(content="copy", department="a", deciding=False), accepted(content="mine", department="z", deciding=True)]
    assert seen(*copies).body == seen(*reversed(copies)).body == b"mine"
    assert seen(*copies).label_class.owner == "z"


def test_among_forwarders_the_first_by_name_speaks() -> None:
    copies = [accepted(content="copy", **FORWARDER), accepted(content="other", **OTHER)]
    assert seen(*copies).body == seen(*reversed(copies)).body == b"other"


def test_the_class_carries_labels_standing_owner_and_flags() -> None:
    content = accepted(content="light", publication=Publication.AUTHORISED, flags=("unverified",))
    made = seen(content).label_class
    assert (made.publication, made.standing, made.owner) == (Publication.AUTHORISED, Standing.SHOWN, "taxation")
    assert made.flags == ("light", "unverified")


def test_a_note_flags_the_record_until_it_is_taken_back() -> None:
    noted = accepted(), accepted(Op.ANNOTATE, seq=2, department="ecology", deciding=False)
    assert seen(*noted).label_class.flags == ("objection",)
    taken_back = accepted(Op.ANNOTATE, seq=3, withdrawn=True, department="ecology", deciding=False)
    assert seen(*noted, taken_back).label_class.flags == ()


def test_erased_content_leaves_no_body_and_no_payload() -> None:
    gone = seen(accepted(content="secret"), accepted(Op.DELETE, seq=2))
    assert (gone.body, gone.payload) == (None, {})


def test_days_are_those_of_shanghai() -> None:
    assert [day_of(accepted(known_at=10 * DAY + hour * 3_600_000)) for hour in (15, 16)] == [10, 11]


@given(st.data())
def test_the_view_is_the_same_for_any_order_of_arrival(data: st.DataObject) -> None:
    drawn = st.builds(
        accepted,
        st.sampled_from(Op),
        st.integers(1, 3),
        st.sampled_from(["a", "b"]),
        department=st.sampled_from(["ecology", "taxation", "emergency"]),
        deciding=st.booleans(),
        withdrawn=st.booleans(),
        known_at=st.integers(1, 4),
        place=st.integers(0, 1),
    )
    told = data.draw(st.lists(drawn, min_size=1, max_size=8))
    day = data.draw(st.integers(MINIMUM - 1, LAST + 1))
    mixed = data.draw(st.permutations(told + told[:3]))
    assert seen(*mixed, day=day) == seen(*told, day=day)


@given(st.lists(st.builds(accepted, st.sampled_from(Op), st.integers(1, 4)), min_size=1, max_size=6), st.integers(0, 120))
def test_time_alone_changes_nothing_before_the_wake_day(told: list[Event], day: int) -> None:
    now = seen(*told, day=day)
    until = LAST + 50 if now.stand.wake is None else now.stand.wake
    assert {seen(*told, day=later).label_class for later in range(day, until)} == ({now.label_class} if day < until else set())
    if now.stand.wake is not None:
        assert seen(*told, day=now.stand.wake).label_class != now.label_class
