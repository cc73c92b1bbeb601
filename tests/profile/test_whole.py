"""The whole profile: attributes by authority, linked copies, checks that hold and let go, whatever the order of arrival."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databus.model.change import Kind
from databus.model.chunk import Record
from databus.model.event import Event, Op
from databus.model.finding import Finding
from databus.model.labels import Publication
from databus.profile.announcing import clock_of
from databus.profile.checks import Weighed
from databus.profile.election import Elected
from databus.profile.profiler import duty, processor
from databus.profile.whole import Whole
from databus.testing.events import DAY
from folding import CODEC, CONTRACT, KNOWN, NAME, OLD_NAME, OTHER_NAME, Line, said

TAX: dict[str, Any] = {"department": "taxation", "deciding": False}


def heard(*events: Event) -> Line:
    return Line().hear(*events)


# attributes


def test_an_attribute_takes_its_authority_s_value_and_keeps_other_words_as_assertions() -> None:
    line = heard(said("penalty", **TAX, legal_rep_name="样本乙"), said("registration"))
    assert line.attributes["legal_representative"] == ("AUTHORITY", "LP_REGISTRATION|1", ("ADMIN_PENALTY|1",))
    assert [rule for rule, *_ in line.open] == ["DQ-CONS-02", "DQ-CONS-02"]
    assert {department for _, department, _ in line.open} == {"taxation", "market-regulation"}


def test_while_the_authority_is_silent_agreement_is_provisional_and_disagreement_no_value() -> None:
    agreed = heard(said("penalty", **TAX), said("licence", department="emergency"))
    assert agreed.attributes["name"][:2] == ("PROVISIONAL", "ADMIN_LICENCE|1")
    agreed.hear(said("penalty", number=2, department="ecology", counterparty_name=OTHER_NAME))
    assert agreed.attributes["name"][:2] == ("CONTESTED", "")
    assert {rule for rule, *_ in agreed.open} == {"DQ-CONS-02"}
    agreed.hear(said("penalty", Op.DELETE, 2, number=2, department="ecology"))
    assert (agreed.attributes["name"][0], agreed.open) == ("PROVISIONAL", [])


def test_the_code_tells_its_own_part_whoever_says_otherwise() -> None:
    line = heard(said("penalty", **TAX, org_code="YYYY0001-2"), said("penalty", number=2, **TAX, org_code="123456789"))
    assert line.attributes["organisation_code"][:2] == ("DERIVED", "")
    assert line.open == [("DQ-CONS-02", "taxation", "org_code")]


def test_an_authority_s_better_record_wins_by_seq_then_by_the_time_it_was_written() -> None:
    line = heard(said("registration", seq=1, number=1, system="a"), said("registration", seq=5, number=2, system="b", domicile="长春市2号"))
    assert line.attributes["domicile"][1:] == ("LP_REGISTRATION|2", ("LP_REGISTRATION|1",))


def test_a_step_on_attributes_names_places_and_no_values() -> None:
    (step,) = [step for step in heard(said("registration")).steps if step.kind is Kind.ATTRIBUTED]
    assert (step.pv, step.submission_id, step.causes, step.body, step.own) == (2, "", (said("registration").event_id,), None, False)
    assert step.fields == ("domicile", "established_on", "legal_representative", "name", "organisation_code")
    chosen = {state.name: state.chosen for state in step.attributes}
    assert chosen["name"] is not None and (chosen["name"].record_key, chosen["name"].field) == ("LP_REGISTRATION|1", "name")


def test_another_penalty_that_says_the_same_makes_no_step_on_attributes() -> None:
    line = heard(*(said("penalty", seq=number, number=number, **TAX) for number in range(1, 9)))
    assert [step.kind for step in line.steps].count(Kind.ATTRIBUTED) == 1


def test_findings_on_several_attributes_come_in_the_same_order_from_every_process() -> None:
    other = {"legal_rep_name": "样本乙", "domicile": "长春市2号", "established_on": date(2011, 1, 1)}
    line = heard(said("registration"), said("registration", number=2, **TAX, **other))
    fields = [one.field for one in line.findings if isinstance(one, Finding) and one.rule == "DQ-CONS-02"]
    assert fields == sorted(fields) and set(fields) == other.keys()


def test_a_revoked_registration_speaks_for_nobody() -> None:
    line = heard(said("registration"), said("penalty", **TAX, legal_rep_name="样本乙"), said("registration", Op.REVOKE, 2))
    assert line.attributes["legal_representative"][0] == "PROVISIONAL"
    assert line.open == []


# identity


def test_a_record_under_another_name_is_held_until_the_registration_knows_the_name() -> None:
    line = heard(said("registration"), said("penalty", counterparty_name=OTHER_NAME))
    assert (line.standing("penalty"), line.open) == ("HELD", [("DQ-CONS-01", "market-regulation", "counterparty_name")])
    held = next(step for step in line.steps if step.record_key == "ADMIN_PENALTY|1")
    assert (held.rule, held.label_class.flags) == ("DQ-CONS-01", ("pending_identity",))
    line.hear(said("registration", seq=2, name=OTHER_NAME))
    assert (line.standing("penalty"), line.open) == ("SHOWN", [])
    assert line.findings[-1].status == "FIXED"
    assert line.steps[-1].causes == (said("registration", seq=2, name=OTHER_NAME).event_id,)


def test_a_registration_that_comes_later_holds_what_was_shown_and_nothing_else() -> None:
    line = heard(said("penalty", counterparty_name=OTHER_NAME), said("penalty", number=2), said("registration"))
    assert (line.standing("penalty"), line.standing("penalty", 2)) == ("HELD", "SHOWN")
    assert [step.record_key for step in line.steps if step.record_key == "ADMIN_PENALTY|2" and step.kind is not Kind.ATTRIBUTED] == [
        "ADMIN_PENALTY|2"
    ]


@pytest.mark.parametrize("late", [False, True])
def test_a_former_name_is_a_name_even_if_it_becomes_known_late(late: bool) -> None:
    names = [said("registration", seq=1, name=OTHER_NAME), said("registration", seq=2)]
    line = heard(said("penalty", counterparty_name=OTHER_NAME), *(reversed(names) if late else names))
    assert (line.standing("penalty"), line.open) == ("SHOWN", [])


def test_a_name_differs_only_beyond_normalisation() -> None:
    assert heard(said("registration", name=OLD_NAME), said("penalty", counterparty_name="吉林省样例 (粮油) 公司")).open == []


def test_an_erased_registration_vouches_for_no_name() -> None:
    line = heard(said("registration", seq=1, name=OTHER_NAME), said("registration", Op.DELETE, 2), said("registration", seq=3))
    line.hear(said("penalty", counterparty_name=OTHER_NAME))
    assert line.standing("penalty") == "HELD"


# copies


def test_the_decider_s_copy_stands_and_others_are_linked_to_it() -> None:
    copy, own = said("penalty", **TAX), said("penalty", department="emergency", remark="原件")
    line = heard(copy, own)
    assert [(step.department, step.duplicate_of) for step in line.steps if step.kind is not Kind.ATTRIBUTED] == [
        ("taxation", ""),
        ("emergency", ""),
    ]
    assert line.open == [("DQ-UNI-02", "taxation", "")]
    assert line.findings[0].expected == f"emergency/core {own.event_id}"
    late = heard(own, copy).steps[-1]
    assert (late.kind, late.duplicate_of) == (Kind.DUPLICATE, own.event_id)
    line.hear(said("penalty", Op.DELETE, 2, **TAX))
    assert line.open == []


def test_among_copies_the_stricter_class_wins_whoever_was_first() -> None:
    copies = (
        said("penalty", **TAX, publication=Publication.GOV_SHARED),
        said("penalty", department="emergency", publication=Publication.AUTHORISED),
    )
    for line in (heard(*copies), heard(*reversed(copies))):
        assert line.current["ADMIN_PENALTY|1"][1].publication is Publication.INTERNAL  # type: ignore[attr-defined]


# other checks


def test_a_decision_after_the_end_of_the_subject_is_told_whichever_came_first() -> None:
    gone = said("registration", reg_state="CANCELLED", ended_on=date(2026, 8, 1))
    for line in (heard(gone, said("penalty")), heard(said("penalty"), gone)):
        assert line.open == [("DQ-CONS-03", "market-regulation", "decided_at")]
        assert line.standing("penalty") == "SHOWN"
        assert line.hear(said("registration", seq=2, reg_state="ACTIVE")).open == []


def test_a_licence_that_a_penalty_takes_is_told_until_it_ends() -> None:
    takes = said("penalty", penalty_kinds=["REVOKE_LICENCE"], suspended_licence="食品经营许可证（JY0001）")
    for line in (heard(said("licence"), takes), heard(takes, said("licence"))):
        assert line.open == [("DQ-CONS-04", "market-regulation", "suspended_licence")]
        assert line.hear(said("licence", Op.REVOKE, 2)).open == []


def test_a_licence_that_runs_out_closes_the_finding_on_that_day() -> None:
    takes = said("penalty", penalty_kinds=["REVOKE_LICENCE"], suspended_licence="JY0001")
    line = heard(said("licence", valid_to=date(2026, 9, 20)), takes)
    assert [rule for rule, *_ in line.open] == ["DQ-CONS-04"]
    line.hear(said("abnormal", known_at=KNOWN + 11 * DAY))
    assert line.open == []


@pytest.mark.parametrize(("op", "rule"), [(Op.REVOKE, "DQ-REF-01"), (Op.REPAIR, "DQ-CONS-05")])
def test_an_end_without_content_is_told_after_thirty_days_and_waits_for_ever(op: Op, rule: str) -> None:
    line = heard(said("penalty", op, 2))
    assert (line.standing("penalty"), line.open) == ("WAITING", [])
    line.hear(said("licence", number=2, known_at=KNOWN + 30 * DAY))
    assert (line.standing("penalty"), [one[0] for one in line.open]) == ("WAITING", [rule])
    line.hear(said("penalty", seq=1, known_at=KNOWN + 400 * DAY))
    assert (line.open, line.standing("penalty") in ("REVOKED", "REPAIRED")) == ([], True)


def test_a_correction_of_nothing_is_held_until_what_it_corrects_comes() -> None:
    line = heard(said("penalty", Op.CORRECT, 2, content="更正"))
    assert (line.standing("penalty"), line.open) == ("HELD", [("DQ-REF-01", "market-regulation", "envelope.op")])
    line.hear(said("penalty", seq=1))
    assert (line.standing("penalty"), line.open) == ("SHOWN", [])
    assert heard(said("penalty", seq=1), said("penalty", Op.CORRECT, 2)).open == []


def test_a_removal_without_its_entry_is_held() -> None:
    line = heard(said("abnormal", listed_on=None, removed_on=date(2026, 9, 1)))
    assert (line.standing("abnormal"), [one[0] for one in line.open]) == ("HELD", ["DQ-CONS-05"])


def test_equivocation_is_told_and_closed_by_a_higher_seq() -> None:
    line = heard(said("penalty", content="a"), said("penalty", content="b"))
    assert ([one[0] for one in line.open], line.standing("penalty")) == (["DQ-UNI-03"], "HELD")
    line.hear(said("penalty", seq=2, content="b"))
    assert (line.open, line.standing("penalty")) == ([], "SHOWN")


def test_what_is_broken_mended_and_broken_again_is_told_again_under_another_id() -> None:
    line = heard(said("registration"), said("penalty", counterparty_name=OTHER_NAME), said("penalty", seq=2))
    line.hear(said("penalty", seq=3, counterparty_name=OTHER_NAME))
    issued = [finding.finding_id for finding in line.findings if finding.status == "ISSUED"]
    assert len(set(issued)) == 2 and [one[0] for one in line.open] == ["DQ-CONS-01"]


# slices and cost


def test_a_change_of_the_sheet_is_swept_in_slices_and_ends_in_the_same_profile() -> None:
    told = [said("penalty", number=number, counterparty_name=OTHER_NAME) for number in range(30)]
    whole, sliced = heard(*told, said("registration")), Line(processor(CONTRACT, CODEC, slice_size=4)).hear(*told, said("registration"))
    assert list(sliced.current.values()).count(sliced.current["ADMIN_PENALTY|1"]) < 30
    due, rounds = duty(CONTRACT, CODEC, slice_size=4, writes=False), 0
    while (outcome := due(3, sliced.state, 0, 0.0)) is not None:
        sliced.state.commit(outcome)
        sliced.outputs += outcome.outputs
        rounds += 1
    assert rounds == 7
    assert (sliced.current, sliced.open, sliced.versions) == (whole.current, whole.open, whole.versions)


def test_a_group_that_is_judged_in_slices_is_read_once() -> None:
    def reads(size: int) -> int:
        told = [said("penalty", number=number, counterparty_name=OTHER_NAME) for number in range(size)]
        line, due = Line(processor(CONTRACT, CODEC, slice_size=4)).hear(*told), duty(CONTRACT, CODEC, slice_size=4, writes=False)
        line.state.reads = 0
        line.hear(said("registration"))
        while (outcome := due(3, line.state, 0, 0.0)) is not None:
            line.state.commit(outcome)
        return line.state.reads

    assert reads(96) - reads(64) == reads(64) - reads(32)


def test_an_event_on_a_record_that_waits_to_be_swept_sweeps_it_first() -> None:
    told = [said("penalty", number=number, counterparty_name=OTHER_NAME) for number in range(9)]
    line = Line(processor(CONTRACT, CODEC, slice_size=4)).hear(*told, said("registration"))
    line.hear(said("penalty", Op.ANNOTATE, 2, number=8))
    kinds = [(step.kind, step.standing.value) for step in line.steps if step.record_key == "ADMIN_PENALTY|8" and not step.attributes]
    assert kinds[1:] == [(Kind.ENDED, "HELD"), (Kind.NOTED, "HELD")]


def test_a_record_is_judged_for_what_concerns_it_and_not_for_what_waits_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    judged, weigh = list[str](), Whole.weigh

    def weighed(whole: Whole, elected: Elected, *more: Any) -> Weighed:
        judged.append(elected.lead.record_key)
        return weigh(whole, elected, *more)

    monkeypatch.setattr(Whole, "weigh", weighed)
    others = [said("penalty", number=number, counterparty_name=OTHER_NAME) for number in range(2, 10)]
    gone = said("registration", seq=2, reg_state="CANCELLED", ended_on=date(2026, 8, 1), known_at=KNOWN + 1)
    line = Line(processor(CONTRACT, CODEC, slice_size=4)).hear(said("penalty"), *others, said("registration"), gone)
    judged.clear()
    line.hear(said("penalty", Op.ANNOTATE, 2, known_at=KNOWN + 2))
    # Once for the end of its subject, once for its own event: under whose name others are is no matter of this one.
    assert judged.count("ADMIN_PENALTY|1") == 2
    (told,) = [one for one in line.findings if isinstance(one, Finding) and (one.rule, one.record_key) == ("DQ-CONS-03", "ADMIN_PENALTY|1")]
    assert told.issued_at == gone.known_at


def test_a_licence_that_no_penalty_names_waits_for_nothing_and_one_that_is_named_does() -> None:
    def waiting(*more: Event) -> int:
        others = [said("penalty", number=number, counterparty_name=OTHER_NAME) for number in range(9)]
        line = Line(processor(CONTRACT, CODEC, slice_size=4)).hear(*others, *more[1:], said("registration"), more[0])
        return len(clock_of(line.state, 3, CODEC).touched)

    takes = said("penalty", number=10, penalty_kinds=["REVOKE_LICENCE"], suspended_licence="JY0001")
    assert waiting(said("abnormal")) == waiting(said("licence")) == 1
    assert waiting(said("licence"), takes) == 2


def test_a_name_change_touches_the_records_of_that_name_alone() -> None:
    def reads(size: int) -> int:
        line = heard(*(said("penalty", number=number) for number in range(size)), said("penalty", number=999, counterparty_name=OTHER_NAME))
        line.hear(said("registration"))
        line.state.reads = 0
        line.hear(said("registration", seq=2, name=OTHER_NAME))
        return line.state.reads

    assert reads(60) == reads(6)


def test_the_first_record_of_a_group_leaves_it_at_the_same_cost_however_many_follow() -> None:
    def asked(size: int) -> tuple[int, str]:
        line = heard(*(said("penalty", number=number) for number in range(100, 100 + size)))
        line.hear(said("penalty", Op.DELETE, 2, number=100))
        line.state.reads = 0
        line.hear(said("penalty", Op.DELETE, 2, number=101))
        return line.state.reads, line.attributes["name"][1]

    assert asked(60) == asked(6) and asked(6)[1] == "ADMIN_PENALTY|102"


def test_who_follows_the_first_of_a_group_is_known_whatever_the_chunk_has_added_and_taken_out() -> None:
    line = heard(*(said("penalty", number=number) for number in (100, 102, 103, 105, 107)))
    gone = [said("penalty", Op.DELETE, 2, number=number) for number in (100, 102, 103)]
    line.hear(*gone, said("penalty", number=104), said("penalty", Op.DELETE, 2, number=104), said("penalty", number=106))
    ((_, (_, _, _, first)),) = line.sheet()["g"].items()
    assert first == ["ADMIN_PENALTY|105", "ADMIN_PENALTY|106"]


# any order


@st.composite
def told(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(["registration", "penalty", "licence", "abnormal"]))
    op, name, number = draw(st.sampled_from(Op)), draw(st.sampled_from([NAME, OTHER_NAME])), draw(st.integers(1, 2))
    department = "market-regulation" if kind == "registration" else draw(st.sampled_from(["market-regulation", "taxation", "ecology"]))
    more: dict[str, Any] = {"name" if kind in ("registration", "abnormal") else "counterparty_name": name}
    if kind == "registration":
        more |= {"reg_state": draw(st.sampled_from(["ACTIVE", "CANCELLED"])), "ended_on": date(2026, 8, 1)}
    if kind == "penalty":
        more |= {"penalty_kinds": [draw(st.sampled_from(["FINE", "REVOKE_LICENCE"]))], "suspended_licence": "JY0001"}
        more |= {"legal_rep_name": draw(st.sampled_from([None, "样本甲", "样本乙"]))}
    return said(
        kind,
        op,
        draw(st.integers(1, 3)),
        number=number,
        department=department,
        deciding=department == "market-regulation" or (department, number) == ("taxation", 2),
        withdrawn=op in (Op.REVOKE, Op.REPAIR, Op.ANNOTATE) and draw(st.booleans()),
        place=draw(st.integers(0, 1)),
        publication=draw(st.sampled_from(Publication)),
        **more,
    )


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_order_repetition_and_chunking_ends_in_one_profile_with_the_same_findings(data: st.DataObject) -> None:
    events = data.draw(st.lists(told(), min_size=1, max_size=10))
    mixed = data.draw(st.permutations(events + events[:4]))
    whole, split = heard(*events), Line()
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, len(mixed) - 1)), max_size=4)))
    for start, end in zip([0, *cuts], [*cuts, len(mixed)], strict=True):
        split.hear(*mixed[start:end])
    assert split.current == whole.current
    assert split.attributes == whole.attributes
    assert split.sheet() == whole.sheet()
    assert _without_equivocation(split) == _without_equivocation(whole)
    assert split.versions == list(range(1, len(split.versions) + 1))


def _without_equivocation(line: Line) -> list[tuple[str, str, str]]:
    # How often one source is told that it equivocates depends on which content it is heard with first.
    return sorted(set(line.open))


@settings(max_examples=60, deadline=None)
@given(st.lists(told(), min_size=1, max_size=10))
def test_the_steps_do_not_depend_on_where_the_chunks_end(events: list[Event]) -> None:
    one_by_one = Line()
    for event in events:
        one_by_one.hear(event)
    assert one_by_one.outputs == heard(*events).outputs


def test_nothing_here_reads_a_tombstone() -> None:
    assert Line().process([Record("events", 0, 0, 0, b"key", None)], Line().state).outputs == []
