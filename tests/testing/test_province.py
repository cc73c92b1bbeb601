"""The sample province against the line it is the oracle of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from databus.contract import catalogue, identifiers
from databus.contract.catalogue import Contract
from databus.contract.values import jsonable
from databus.department.submission import Submission, compose
from databus.model.change import Kind
from databus.testing.province import ledger
from databus.testing.province.load import SYSTEM
from databus.testing.province.plan import Planned, Shares, plan
from databus.testing.province.subjects import subjects
from testing.feeding import SCHEMAS, Fate, fed

AS_OF = date(2026, 11, 20)
PEOPLE, SENT = 300, 4_000
FAULTS = {
    "DQ-ACC-01",
    "DQ-ACC-03",
    "DQ-ACC-04",
    "DQ-ACC-06",
    "DQ-ACC-09",
    "DQ-ACC-10",
    "DQ-CAT-01",
    "DQ-COM-01",
    "DQ-COM-02",
    "DQ-MAP-01",
    "DQ-SCOPE-01",
    "DQ-SEC-02",
}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return catalogue.load(SCHEMAS)


@pytest.fixture(scope="module")
def planned(contract: Contract) -> tuple[Planned, ...]:
    return tuple(plan(contract, subject_count=PEOPLE, submissions=SENT, seed=1, as_of=AS_OF))


def fed_with(contract: Contract, planned: tuple[Planned, ...]) -> Mapping[str, Fate]:
    codec = contract.codec()

    def composed() -> Iterator[tuple[str, Submission]]:
        for one in planned:
            submission = compose(
                one.cut,
                codec=codec,
                record_type=contract.types[one.record_type],
                entry=contract.entries[one.catalog_code],
                system=SYSTEM,
                submission_id=one.submission_id,
                seq=one.seq,
                now=one.told,
                secret=b"s" * 32,
                told=one.told,
            )
            yield one.department, submission

    return fed(composed(), contract, codec, received=1_795_400_000_000)


def written(planned: Planned) -> object:
    return jsonable([getattr(planned, name) for name in Planned.__slots__])


def require_right(contract: Contract, planned: tuple[Planned, ...]) -> None:
    fates, wrong = fed_with(contract, planned), []
    for one in planned:
        fate = fates[one.submission_id]
        effect = "" if fate.kind is None else "CHANGING" if fate.kind.changing or fate.kind is Kind.FORWARDED else fate.kind.value
        seen = (fate.outcome, fate.refusals, effect)
        if seen != (one.outcome, [(one.rule, one.field)] if one.rule else [], one.effect):
            wrong.append((one, seen))
    assert not wrong, wrong[:3]
    assert len(fates) == len(planned)


def test_the_ledger_is_right_about_every_submission(contract: Contract, planned: tuple[Planned, ...]) -> None:
    require_right(contract, planned)


@pytest.mark.parametrize(
    "shares", [Shares(wrong=1.0), Shares(wrong=0.0, overtaken=0.2, equivocal=0.2, corrected=0.2, revoked=0.2, repaired=0.2)]
)
def test_the_ledger_is_right_where_everything_happens(contract: Contract, shares: Shares) -> None:
    require_right(contract, tuple(plan(contract, subject_count=60, submissions=900, seed=4, as_of=AS_OF, shares=shares)))


@pytest.mark.parametrize("backwards", [False, True])
def test_the_ledger_is_right_in_whatever_order_departments_come(contract: Contract, backwards: bool) -> None:
    told = tuple(plan(contract, subject_count=8, submissions=1_500, seed=17, as_of=AS_OF, shares=Shares(wrong=0)))
    require_right(contract, tuple(sorted(told, key=lambda one: one.department, reverse=backwards)))


def test_a_province_sent_again_is_a_duplicate_and_one_of_another_day_is_newer(contract: Contract) -> None:
    def of(day: date) -> tuple[Planned, ...]:
        return tuple(plan(contract, subject_count=30, submissions=200, seed=5, as_of=day, shares=Shares(wrong=0)))

    today, tomorrow = of(AS_OF), of(AS_OF + timedelta(days=1))
    assert not {one.submission_id for one in today} & {one.submission_id for one in tomorrow}
    assert max(one.seq for one in today) < min(one.seq for one in tomorrow)
    again = tuple(replace(one, submission_id=f"again-{one.submission_id}") for one in today)
    fates = fed_with(contract, (*today, *again, *tomorrow))
    assert {str(fates[one.submission_id].kind) for one in again if one.rule == ""} <= {"DUPLICATE", "HISTORY"}
    expected = sum(one.effect == "EQUIVOCAL" for one in (*today, *tomorrow))
    assert sum(str(fate.kind) == "EQUIVOCAL" for fate in fates.values()) == expected


def test_the_same_seed_gives_the_same_submissions_and_another_seed_others(contract: Contract) -> None:
    def drawn(seed: int) -> list[object]:
        return [written(one) for one in plan(contract, subject_count=40, submissions=300, seed=seed, as_of=AS_OF)]

    assert drawn(5) == drawn(5)
    assert drawn(5) != drawn(6)


def test_ids_do_not_repeat_and_fewer_submissions_are_the_beginning_of_more(contract: Contract, planned: tuple[Planned, ...]) -> None:
    assert len({one.submission_id for one in planned}) == SENT
    fewer = plan(contract, subject_count=PEOPLE, submissions=500, seed=1, as_of=AS_OF)
    assert [written(one) for one in fewer] == [written(one) for one in planned[:500]]


def test_every_code_of_every_subject_is_valid_and_its_own(contract: Contract) -> None:
    people = subjects(3_000, random=Random(2), contract=contract, as_of=AS_OF)
    organisations = [one for one in people if one.uscc]
    for one in organisations:
        assert identifiers.check_uscc(one.uscc) is None
        assert identifiers.check_embedded_org_code(one.uscc) is None
        assert identifiers.check_org_code(one.org_code) is None
        assert identifiers.check_reg_no(one.reg_no) is None
        assert identifiers.check_tax_no(one.tax_no) is None
        assert one.uscc[8:12] == "YYYY" and one.uscc[12:14] >= "02"
    persons = [one for one in people if not one.uscc]
    assert all(identifiers.check_citizen_id(one.id_number) is None and one.id_number[6:10] == "1900" for one in persons)
    assert len({one.uscc or one.id_number for one in people}) == len(people)


def test_a_few_subjects_have_much_and_most_have_little(planned: tuple[Planned, ...]) -> None:
    records = {(one.record, str(sorted(one.cut["subject"].items()))) for one in planned}
    sizes = sorted(Counter(subject for _, subject in records).values(), reverse=True)
    top = sum(sizes[: len(sizes) // 20])
    assert top > 0.3 * sum(sizes)
    assert sizes[len(sizes) // 2] < 0.7 * sum(sizes) / len(sizes)


def test_every_subject_is_told_of_before_anything_else_is_said(planned: tuple[Planned, ...]) -> None:
    kinds = [one.record_type for one in planned]
    first = {"LP_REGISTRATION", "NP_BASIC"}
    first_other = next(number for number, name in enumerate(kinds) if name not in first)
    assert first.isdisjoint(kinds[first_other:])
    assert len({one.record for one in planned[:first_other]}) == PEOPLE


def test_who_registers_a_subject_its_code_tells(planned: tuple[Planned, ...]) -> None:
    registered, mapped = (
        {(one.cut["subject"]["uscc"][0], one.department) for one in planned if one.record_type == kind and not one.rule}
        for kind in ("LP_REGISTRATION", "LP_CODE_MAP")
    )
    assert registered >= {("9", "market-regulation"), ("5", "civil-affairs"), ("N", "agriculture")}
    assert len({first for first, _ in registered}) == len(registered)
    assert len(mapped) > 1 and mapped <= registered


def test_shares_are_what_they_are_said_to_be(planned: tuple[Planned, ...]) -> None:
    shares, facts = Shares(), len({one.record for one in planned})
    ops, effects = Counter(one.cut["envelope"]["op"] for one in planned), Counter(one.effect for one in planned)
    spoilt = sum(one.outcome != "ACCEPTED" and one.rule != "DQ-SCOPE-01" for one in planned)
    penalties = len({one.record for one in planned if one.record_type == "ADMIN_PENALTY"})
    for share, seen, of in (
        (shares.wrong, spoilt, facts),
        (shares.duplicate, effects["DUPLICATE"], facts),
        (shares.corrected + shares.overtaken, ops["CORRECT"], facts),
        (shares.overtaken, effects["HISTORY"], facts),
        (shares.revoked, ops["REVOKE"], facts),
        (shares.repaired, ops["REPAIR"], penalties),
    ):
        # Facts that are told in two parts, or hold nothing to correct, are none a department may say this of.
        assert 0.4 * share < seen / of < 1.4 * share, (share, seen, of)
    assert effects["EQUIVOCAL"]


def test_shares_of_nothing_give_a_province_without_fault(contract: Contract) -> None:
    none = Shares(**dict.fromkeys(Shares.__slots__, 0.0))
    planned = tuple(plan(contract, subject_count=60, submissions=600, seed=3, as_of=AS_OF, shares=none))
    assert {one.effect for one in planned if one.rule != "DQ-SCOPE-01"} == {"CHANGING"}
    assert {one.cut["envelope"]["op"] for one in planned} == {"UPSERT"}


def test_every_fault_a_department_makes_is_in_it(planned: tuple[Planned, ...]) -> None:
    assert {one.rule for one in planned if one.rule} == FAULTS


def test_all_types_and_departments_speak_and_nobody_speaks_of_tomorrow(contract: Contract, planned: tuple[Planned, ...]) -> None:
    assert {one.record_type for one in planned} == set(contract.types)
    assert {one.department for one in planned} == set(contract.departments)
    assert all(date.fromtimestamp(one.told / 1000) <= AS_OF for one in planned)
    decided = [one.cut["envelope"]["decided_at"] for one in planned if one.rule != "DQ-CAT-01"]
    assert {day.year for day in decided} >= set(range(2022, 2027))


def test_what_is_told_of_one_record_is_told_in_order(planned: tuple[Planned, ...]) -> None:
    for before, after in pairwise(planned):
        if before.record == after.record:
            assert before.told <= after.told


def test_a_ledger_is_read_as_it_was_written(planned: tuple[Planned, ...], tmp_path: Path) -> None:
    lines = [ledger.line_of(one) for one in planned]
    ledger.write(tmp_path / "ledger.jsonl", lines)
    assert list(ledger.read(tmp_path / "ledger.jsonl")) == lines
    totals = ledger.totals(lines)
    assert totals["submissions"] == totals["accepted"] + totals["rejected"] + totals["held"] == SENT
    assert totals["accepted"] == sum(totals[effect] for effect in ("changing", "duplicate", "history", "equivocal"))
