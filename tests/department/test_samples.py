"""The shipped sample files, published into the line in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department import mapping
from databus.department.files.opening import opened
from databus.department.publish import Batch, prepare, publish_rows
from databus.department.publisher import Done, Taken
from databus.department.submission import Submission, owned_entry
from databus.model.finding import Verdict
from databus.testing.province import archive
from department.conftest import SCHEMAS, rows_in
from testing.feeding import Fate, fed

ARCHIVE = SCHEMAS / "LP_REGISTRATION" / "samples" / "historical.csv"
OWN = (
    ("LP_REGISTRATION", "registrations.csv", "market-regulation", 6),
    ("ADMIN_PENALTY", "penalties.csv", "emergency", 6),
    ("ADMIN_LICENCE", "licences.csv", "emergency", 3),
)


class Inbox:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.taken: list[Submission] = []

    def publish(self, submission: Submission, done: Done) -> None:
        self.taken.append(submission)
        done(submission.submission_id, Taken(submission.submission_id, "in", 0, len(self.taken)))

    def flush(self) -> None:
        """Nothing waits."""


def fates(path: Path, chosen: mapping.FileMapping, contract: Contract, codec: Codec, *, day: datetime) -> list[Fate]:
    inbox, second = Inbox(), int(day.timestamp())
    batch = Batch(chosen.entry.department, second, b"s" * 32)
    with opened(path) as table:
        rows = publish_rows(table.rows, mapping=chosen, contract=contract, codec=codec, batch=batch, publisher=inbox)
        assert {one.outcome for one in rows} == {"SENT"}
    found: Mapping[str, Fate] = fed(((batch.department, one) for one in inbox.taken), contract, codec, received=second * 1000)
    return [found[one.submission_id] for one in inbox.taken]


def own(contract: Contract, name: str, file: str, department: str) -> tuple[Path, mapping.FileMapping]:
    path, kind = SCHEMAS / name / "samples" / file, contract.types[name]
    return path, mapping.identity(kind, owned_entry(contract, kind, department), frozenset(rows_in(path)[0].cells))


def test_the_archive_is_what_its_generator_makes(contract: Contract) -> None:
    assert ARCHIVE.read_bytes().decode() == archive.text(contract), "write archive.text(contract) into historical.csv"


def test_an_archive_of_old_registrations_is_accepted_but_for_the_rows_that_are_wrong(contract: Contract, codec: Codec) -> None:
    chosen = mapping.load(ARCHIVE.with_suffix(".yaml"), contract)
    found = fates(ARCHIVE, chosen, contract, codec, day=datetime(2026, 11, 20, 4, tzinfo=UTC))
    accepted = [fate for fate in found if fate.outcome == "ACCEPTED"]
    assert len(accepted) >= 0.99 * len(found)
    assert not any(fate.findings for fate in accepted)
    refused = {number: fate for number, fate in enumerate(found, start=1) if fate.outcome != "ACCEPTED"}
    assert {number: fate.refusals for number, fate in refused.items()} == {
        archive.WRONG_CODE: [("DQ-ACC-01", "uscc")],
        archive.NO_ADDRESS: [("DQ-COM-01", "domicile")],
    }
    for number, fate in refused.items():
        (one,) = fate.findings
        assert one.row == number
        assert one.observed or one.rule == "DQ-COM-01"
        assert one.suggestion
        assert one.message_zh and one.message_en


def test_the_archives_oddities_become_the_contract(contract: Contract, codec: Codec) -> None:
    chosen = mapping.load(ARCHIVE.with_suffix(".yaml"), contract)
    batch = Batch("market-regulation", 1_795_400_000, b"s" * 32)

    def payloads() -> Iterator[tuple[Mapping[str, str], Mapping[str, object]]]:
        for row in rows_in(ARCHIVE):
            submission = prepare(row, mapping=chosen, contract=contract, codec=codec, batch=batch)
            assert isinstance(submission, Submission)
            yield row.cells, codec.decode(submission.value)[1]["payload"]

    found = list(payloads())
    assert all(
        (cells["注册资金"] == "N/A") == (payload["reg_capital_10k"] is None) == (payload["currency"] is None) for cells, payload in found
    )
    assert Counter(payload["currency"] for _, payload in found).keys() == {None, "CNY", "USD", "EUR"}
    assert {payload["domicile_division"] for cells, payload in found if cells["地区"] == "吉林"} == {"220200"}
    assert {payload["subject_type"] for _, payload in found} == {None, "COMPANY", "BRANCH"}


@pytest.mark.parametrize(("name", "file", "department", "count"), OWN)
@pytest.mark.parametrize("year", [2026, 2040])
def test_the_files_of_the_first_exercise_are_accepted_in_any_year(
    contract: Contract, codec: Codec, name: str, file: str, department: str, count: int, year: int
) -> None:
    """A decision of 2026 is late (a warning) from the first day on; nothing else is ever said of these rows."""
    path, chosen = own(contract, name, file, department)
    found = fates(path, chosen, contract, codec, day=datetime(year, 11, 20, 4, tzinfo=UTC))
    late = [] if name == "LP_REGISTRATION" else [("DQ-TIM-01", Verdict.WARN)]
    assert [fate.outcome for fate in found] == ["ACCEPTED"] * count
    assert [[(one.rule, one.verdict) for one in fate.findings] for fate in found] == [late] * count


def test_the_sample_files_are_about_the_same_subjects(contract: Contract, codec: Codec) -> None:
    cells = {file: rows_in(own(contract, name, file, department)[0]) for name, file, department, _ in OWN}
    registered = {row.cells["uscc"]: row.cells["name"] for row in cells["registrations.csv"]}
    for row in (*cells["penalties.csv"], *cells["licences.csv"]):
        assert registered[row.cells["uscc"]] == row.cells["counterparty_name"]
    assert [row.cells["envelope.publication_class"] for row in cells["licences.csv"]].count("AUTHORISED") == 1
    assert sum("2000.00" in row.cells["fine_yuan"] and row.cells["uscc"] == "91220000YYYY00012A" for row in cells["penalties.csv"]) == 1
