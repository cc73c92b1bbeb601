"""Workbooks: what openpyxl writes is read as people see it, and what a workbook could do to its reader is refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import NamedStyle

from databus.department.files.opening import opened
from databus.department.files.row import Row
from databus.department.files.xlsx.writing import SheetWriter
from databus.errors import DatabusError, Malformed, NotFound, Rejected, TooLarge
from department.conftest import rows_in

SHEET, TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def book(folder: Path, *rows: list[Any], change: Callable[[openpyxl.Workbook], object] = lambda made: None) -> Path:
    """A workbook as openpyxl writes it."""
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    change(made)
    path = folder / "a.xlsx"
    made.save(path)
    return path


def rezipped(path: Path, **parts: str | bytes) -> Path:
    """The workbook with other parts (`__` is a slash, `_` before xml a dot)."""
    with zipfile.ZipFile(path) as old:
        kept = {name: old.read(name) for name in old.namelist()}
    kept |= {name: part.encode() if isinstance(part, str) else part for name, part in parts.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, part in kept.items():
            new.writestr(name, part)
    return path


def of_sheet(folder: Path, inside: str) -> Path:
    """A workbook whose sheet is this XML."""
    return rezipped(book(folder, ["a"]), **{SHEET: f"<worksheet {NS}><sheetData>{inside}</sheetData></worksheet>"})


def cells(path: Path) -> list[dict[str, str]]:
    return [row.cells for row in rows_in(path)]


def test_a_header_below_titles_is_the_row_that_is_told(tmp_path: Path) -> None:
    path = book(
        tmp_path,
        ["公示表"],
        [],
        ["填报单位：甲", "日期：3日"],
        ["a", "b"],
        ["1", "2"],
        change=lambda made: made.active.merge_cells("A1:B1"),
    )
    assert [(row.number, row.problem, row.cells) for row in rows_in(path, header=4)] == [(1, "", {"a": "1", "b": "2"})]
    with pytest.raises(Malformed, match="header"):
        rows_in(path, header=6)


def test_values_are_read_as_people_see_them(tmp_path: Path) -> None:
    rows = [
        ["code", "name", "on", "fine", "yes"],
        ["007", "甲 <&> 乙", date(2026, 11, 9), 2000.50, True],
        [None] * 5,
        [7, None, datetime(2026, 1, 2, 3, 4), 0.1 + 0.2, False],
    ]
    path = book(tmp_path, *rows)
    assert [(row.number, row.cells) for row in rows_in(path)] == [
        (1, {"code": "007", "name": "甲 <&> 乙", "on": "2026-11-09", "fine": "2000.5", "yes": "true"}),
        (3, {"code": "7", "name": "", "on": "2026-01-02 03:04:00", "fine": "0.3", "yes": "false"}),
    ]


@pytest.mark.parametrize("form", ['yyyy"年"m"月"d"日"', "[$-804]yyyy\\年m\\月", "m/d", "d-mmm-yy;@"])
def test_a_number_shown_as_a_day_is_a_day(tmp_path: Path, form: str) -> None:
    def change(made: openpyxl.Workbook) -> None:
        made.add_named_style(NamedStyle("own", number_format=form))
        made.active["A2"].style = "own"

    assert cells(book(tmp_path, ["on"], [46335], change=change)) == [{"on": "2026-11-09"}]


@pytest.mark.parametrize(("number", "shown"), [(31, "2026-11-09"), (57, "2026-11-09"), (2, "46335"), (20, "46335"), (32, "46335")])
def test_the_built_in_days_of_chinese_excel_are_days(tmp_path: Path, number: int, shown: str) -> None:
    styles = f'<styleSheet {NS}><cellXfs><xf/><xf numFmtId="{number}"/></cellXfs></styleSheet>'
    path = of_sheet(
        tmp_path, '<row r="1"><c r="A1" t="inlineStr"><is><t>on</t></is></c></row><row r="2"><c r="A2" s="1"><v>46335</v></c></row>'
    )
    assert cells(rezipped(path, **{"xl/styles.xml": styles})) == [{"on": shown}]


def test_the_other_epoch_is_known(tmp_path: Path) -> None:
    def change(made: openpyxl.Workbook) -> None:
        made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    assert cells(book(tmp_path, ["on"], [date(2026, 11, 9)], change=change)) == [{"on": "2026-11-09"}]


def test_rich_and_escaped_texts_are_plain_and_how_they_are_spoken_is_left_out(tmp_path: Path) -> None:
    texts = f"<sst {NS}><si><r><t>甲</t></r><r><t xml:space='preserve'> 乙_x000A_</t></r><rPh sb='0' eb='1'><t>jia</t></rPh></si></sst>"
    path = of_sheet(tmp_path, '<row><c t="inlineStr"><is><t>a</t></is></c></row><row><c t="s"><v>0</v></c></row>')
    assert cells(rezipped(path, **{TEXTS: texts})) == [{"a": "甲 乙\n"}]


def test_a_text_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = of_sheet(tmp_path, '<row><c t="inlineStr"><is><t>a</t></is></c></row><row><c t="s"><v>1</v></c></row>')
    with pytest.raises(Malformed, match="no text"):
        rows_in(rezipped(path, **{TEXTS: f"<sst {NS}><si><t>x</t></si></sst>"}))


def test_a_sheet_is_chosen_by_its_name(tmp_path: Path) -> None:
    path = book(tmp_path, ["a"], [1], change=lambda made: made.create_sheet("二").append(["b"]))
    with opened(path, sheet="二") as table:
        assert table.columns == ("b",)
    with pytest.raises(NotFound, match="二"), opened(path, sheet="三"):
        pass


BAD_CELLS = (
    ('<c t="n"><f>1+1</f><v>2</v></c>', "formula"),
    ('<c t="str"><f>HYPERLINK("x")</f><v>x</v></c>', "formula"),
    ('<c t="inlineStr"><is><t>=1+1</t></is></c>', "formula"),
    ('<c t="e"><v>#REF!</v></c>', "#REF!"),
    ("<c><v>912201020000000012</v></c>", "15 digits"),
    ("<c><v>1e400</v></c>", "15 digits"),
    ("<c><v>nan</v></c>", "15 digits"),
    ("<c><v>x</v></c>", "none"),
    ('<c t="s"><v>99</v></c>', "no cell"),
    ('<c t="s"><v>-1</v></c>', "no cell"),
    ('<c t="zz"><v>1</v></c>', "no cell"),
    ('<c r="ZZZZ2"><v>1</v></c>', "no column"),
    (f'<c t="inlineStr"><is><t>{"x" * 40_000}</t></is></c>', "longer"),
    ("<c><v>1</v></c><c><v>2</v></c>", "beyond the header"),
    ('<c t="inlineStr"><is><t>_x0000_</t></is></c>', "NUL"),
)


@pytest.mark.parametrize(("cell", "said"), BAD_CELLS)
def test_what_no_cell_may_hold_is_a_problem_of_its_row_or_the_refusal_of_the_file(tmp_path: Path, cell: str, said: str) -> None:
    head, good = '<row r="1"><c t="inlineStr"><is><t>a</t></is></c></row>', '<row r="3"><c><v>3</v></c></row>'
    try:
        found: list[Row] = rows_in(of_sheet(tmp_path, f'{head}<row r="2">{cell}</row>{good}'))
    except Malformed as error:
        assert said in error.detail
    else:
        assert [bool(row.problem) for row in found] == [True, False]
        assert said in found[0].problem and found[1].number == 2


BOMB = b"<si/>" + b" " * (1 << 22)
ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "parts",
    [
        {SHEET: f"{ENTITIES}<worksheet {NS}><sheetData/></worksheet>"},
        {SHEET: f"{EXTERNAL}<worksheet {NS}><sheetData/></worksheet>"},
        {TEXTS: f"{EXTERNAL}<sst {NS}><si><t>&a;</t></si></sst>"},
        {"xl/styles.xml": f"{ENTITIES}<styleSheet {NS}/>"},
        {"xl/workbook.xml": f"{ENTITIES}<workbook {NS}/>"},
        {TEXTS: f"<sst {NS}>".encode() + BOMB + b"</sst>"},
        {SHEET: f"<worksheet {NS}><sheetData><!--".encode() + bytes(range(32, 45)) * (1 << 18) + b"--></sheetData></worksheet>"},
        {SHEET: f'<worksheet {NS}><sheetData><row r="2"/><row r="1"/></sheetData></worksheet>'},
        {SHEET: "<worksheet><"},
        {SHEET: b"\x00"},
        {"xl/_rels/workbook.xml.rels": "<Relationships/>"},
        {"xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="rId1" Target="../../../etc/passwd"/></Relationships>'},
        {"xl/_rels/workbook.xml.rels": '<Relationships><Relationship Id="rId1" TargetMode="External" Target="http://x/"/></Relationships>'},
    ],
)
def test_what_a_workbook_could_do_to_its_reader_is_refused(tmp_path: Path, parts: dict[str, str | bytes]) -> None:
    with pytest.raises(Rejected, match=r"a\.xlsx"):
        rows_in(rezipped(book(tmp_path, ["a"], ["x"]), **parts))


def test_a_member_that_unpacks_to_more_than_it_declares_is_damaged(tmp_path: Path) -> None:
    path = rezipped(book(tmp_path, ["a"]), **{SHEET: b"<worksheet>" + b" " * (1 << 19)})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(SHEET).file_size.to_bytes(4, "little")
    path.write_bytes(data.replace(size, (100).to_bytes(4, "little")))
    with pytest.raises(Malformed):
        rows_in(path)


def test_a_zip_of_many_members_or_a_password_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(10_001):
            archive.writestr(str(number), "")
    with pytest.raises(TooLarge):
        rows_in(path)
    book(tmp_path, ["a"], ["x"])
    data = bytearray(path.read_bytes())
    for at in [at for at in range(len(data)) if data[at : at + 4] == b"PK\x01\x02"]:
        data[at + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(Malformed, match="password"):
        rows_in(path)


@settings(max_examples=60)
@given(at=st.integers(0, 10_000), value=st.integers(0, 255))
def test_no_damage_makes_it_crash(tmp_path_factory: pytest.TempPathFactory, at: int, value: int) -> None:
    path = book(tmp_path_factory.mktemp("x"), ["a", "b"], ["甲", 1], ["乙", date(2026, 1, 1)])
    data = bytearray(path.read_bytes())
    data[at % len(data)] = value
    path.write_bytes(bytes(data))
    try:
        rows_in(path)
    except DatabusError as error:
        assert error.detail


TEXT = st.text(max_size=20) | st.sampled_from(["=1+1", "_x0041_", "_x005F_x", "\x07", "\r\n", " 甲 ", "<a>&", "\ufffe"])


@settings(max_examples=60)
@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=5))
def test_what_we_write_openpyxl_reads_and_so_do_we(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    path = tmp_path_factory.mktemp("x") / "a.xlsx"
    with path.open("wb") as out, SheetWriter(out) as sheet:
        for row in [["a", "b"], *rows]:
            sheet.write(row)
    theirs = openpyxl.load_workbook(io.BytesIO(path.read_bytes())).active
    assert theirs.max_row == len(rows) + 1
    assert all(cell.data_type != "f" for row in theirs.iter_rows() for cell in row)
    ours = rows_in(path)
    assert [list(row.cells.values()) for row in ours] == [row for row in rows if any(row)]
