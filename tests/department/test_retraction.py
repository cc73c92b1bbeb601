"""What undoes a batch: created records go, changed ones go back, and nobody's later word is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from databus.department.retraction import Left, Undo, Why, plan
from databus.model.change import Kind
from databus.model.event import Op
from databus.store.batches import Batch, Said, Told

OF = ("subject", "ADMIN_PENALTY", "record")
OURS, THEIRS = "emergency/cases", "ecology/cases"


def told(event_id: str, seq: int, *, op: Op = Op.UPSERT, facet: str = "content", kind: Kind = Kind.ADDED) -> Told:
    return Told(event_id, f"s-{event_id}", OF, "emergency", "cases", op.value, facet, seq, seq * 1000, kind)


def said(event_id: str, seq: int, *, source: str = OURS, mark: bytes = b"", at: int | None = None, **more: Any) -> Said:
    plain = Said(
        event_id, source, "content", seq, mark or event_id.encode(), False, True, seq * 1000 if at is None else at, "307004/000004",
        {"doc_no": event_id}, None, None, None, None, None,
    )  # fmt: skip
    return replace(plain, **more)


def planned(batch: list[Told], known: list[Said]) -> tuple[tuple[Undo, ...], tuple[Left, ...]]:
    return plan(Batch({one.event_id: one for one in batch}, {OF: tuple(known)}, frozenset()))


def whys(left: tuple[Left, ...]) -> list[Why]:
    return [one.why for one in left]


def test_a_record_the_batch_created_is_deleted_up_to_all_the_batch_said() -> None:
    again = told("c", 7, kind=Kind.DUPLICATE)
    (undo,), left = planned([told("a", 5), told("b", 6), again], [said("a", 5), said("b", 6)])
    assert (undo.op, undo.seq, undo.told.event_id, len(undo.all), left) == (Op.DELETE, 7, "b", 3, ())


def test_a_record_the_batch_changed_goes_back_to_what_its_source_said_last() -> None:
    known = [said("old", 1), said("before", 3), said("a", 5), said("other", 4, source=THEIRS, at=1)]
    (undo,), _ = planned([told("a", 5)], known)
    assert (undo.op, undo.seq, undo.before) == (Op.CORRECT, 5, known[1])


def test_what_has_been_said_since_stands_whoever_said_it() -> None:
    for later in (said("later", 6), said("theirs", 1, source=THEIRS, at=9_000), said("end", 6, facet="revoke"), said("mid", 6, at=1)):
        undone, left = planned([told("a", 5)], [said("a", 5), later])
        assert undone == () and whys(left) == [Why.CHANGED], later
    assert whys(planned([told("a", 5)], [said("gone", 9, facet="delete")])[1]) == [Why.CHANGED]


def test_what_changed_nothing_needs_no_taking_back() -> None:
    assert whys(planned([told("a", 5, kind=Kind.DUPLICATE)], [said("before", 3)])[1]) == [Why.UNCHANGED]
    same = [said("before", 3, mark=b"m"), said("a", 5, mark=b"m")]
    assert whys(planned([told("a", 5)], same)[1]) == [Why.UNCHANGED]


def test_a_delete_that_would_take_anothers_word_along_is_not_sent() -> None:
    theirs = said("theirs", 1, source=THEIRS, at=1)
    assert whys(planned([told("a", 5)], [said("a", 5), theirs])[1]) == [Why.SHARED]
    (undo,), _ = planned([told("a", 5)], [said("a", 5, deciding=False), theirs])
    assert undo.op is Op.DELETE


def test_an_end_is_turned_round_and_goes_with_a_record_that_goes() -> None:
    end = told("e", 6, op=Op.REVOKE, facet="revoke", kind=Kind.ENDED)
    was = said("old", 1)
    (undo,), _ = planned([end], [was, said("e", 6, facet="revoke")])
    assert (undo.op, undo.withdrawn, undo.seq) == (Op.REVOKE, True, 6)
    (back,), _ = planned([end], [was, said("e", 6, facet="revoke", withdrawn=True)])
    assert back.withdrawn is False
    assert whys(planned([end], [was, said("e", 6, facet="revoke"), said("f", 7, facet="revoke")])[1]) == [Why.CHANGED]
    (gone,), left = planned([told("a", 5), end], [said("a", 5), said("e", 6, facet="revoke")])
    assert (gone.op, gone.seq, left) == (Op.DELETE, 6, ())


def test_what_cannot_be_undone_is_said() -> None:
    delete, note = told("d", 5, op=Op.DELETE, facet="delete"), told("n", 6, op=Op.ANNOTATE, facet="note:x")
    assert whys(planned([delete, note], [said("d", 5, facet="delete")])[1]) == [Why.FINAL, Why.NOTE]
    assert whys(planned([told("a", 5)], [said("a", 5), said("b", 3, payload=None)])[1]) == [Why.GONE]
