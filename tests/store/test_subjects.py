"""Finding subjects: by fragments and codes, and only through records that exist for the asker."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from databus.model.keys import organisation_key
from databus.model.labels import SubjectKind
from databus.store import subjects
from databus.store.rows import SubjectRow
from store.line import CODE, INTERNAL, NAME, OPEN, OTHER, OTHER_CODE, PUBLIC, REGISTERED, SUBJECT, TODAY, Line

pytestmark = pytest.mark.live


async def find(line: Line, question: str, **asked: Any) -> list[str]:
    return [row.name for row in await matches(line, question, **asked)]


async def matches(line: Line, question: str, **asked: Any) -> tuple[SubjectRow, ...]:
    return await subjects.find(line.pool, question, **{"classes": PUBLIC, "today": TODAY, **asked})


async def name(line: Line, *names: str, **told: Any) -> None:
    """One organisation per name, each with a record that tells it."""
    steps = [
        line.change(
            f"{one}{told}",
            subject_key=organisation_key(one),
            subject_name=one,
            record_key=f"{one}{told}",
            **{"codes": {"CN-USCI": f"9122{ordinal:014}"}, **told},
        )
        for ordinal, one in enumerate(names)
    ]
    await line.happen(*steps)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("华兴", ["华兴商贸有限公司", "长春华兴科技股份有限公司"]),
        ("华兴商贸有限公司", ["华兴商贸有限公司"]),
        ("贸有限", ["华兴商贸有限公司"]),
        ("兴", ["华兴商贸有限公司", "长春华兴科技股份有限公司"]),
        ("有限公司", ["华兴商贸有限公司", "长春华兴科技股份有限公司"]),
        (" 华 兴 科 技", ["长春华兴科技股份有限公司"]),
        ("jilin yyyx", ["JiLin（YYYX）贸易行", "ＪＩＬＩＮ ＹＹＹＸ"][1:]),
        ("兴华", []),
        ("", []),
        ("  ", []),
    ],
)
async def test_fragments_of_names_find_the_shortest_name_first(line: Line, question: str, found: list[str]) -> None:
    await name(line, "长春华兴科技股份有限公司", "华兴商贸有限公司", "JiLin（YYYX）贸易行", "ＪＩＬＩＮ ＹＹＹＸ", "四平兴达")
    assert [one for one in await find(line, question) if one != "四平兴达"] == found


async def test_pages_of_matches_meet(line: Line) -> None:
    await name(line, *(f"长春{'隆' * count}盛商行" for count in range(1, 8)))
    whole, after, found = await find(line, "盛"), None, []
    while rows := await matches(line, "盛", limit=2, after=after):
        found += [row.name for row in rows]
        after = subjects.place(rows[-1])
    assert found == whole and len(found) == 7


@pytest.mark.parametrize("asked", [CODE, CODE.lower(), " 91220102 YYYY 000207", "220102000002026", "２２０１０２０００００２０２６"])
async def test_any_code_finds_exactly_older_ones_included(line: Line, asked: str) -> None:
    await line.happen(line.change("a", codes={"CN-USCI": CODE, "CN-REG": "220102000002026"}))
    (row,) = await matches(line, asked)
    assert row == SubjectRow(SUBJECT, SubjectKind.ORGANISATION, NAME, (("CN-USCI", CODE), ("CN-REG", "220102000002026")))
    resolved = await subjects.by_code(line.pool, asked)
    assert resolved is not None and (resolved.subject_key, resolved.name) == (SUBJECT, "")
    assert await matches(line, asked[:-1]) == () and await subjects.by_code(line.pool, asked[:-1]) is None


async def test_a_subject_is_there_only_through_a_visible_record(line: Line) -> None:
    await line.happen(line.change("a", label_class=INTERNAL))
    for question in (NAME, CODE, "样例"):
        assert await matches(line, question) == ()
    assert await subjects.seen(line.pool, SUBJECT, classes=PUBLIC, today=TODAY) is None
    assert len(await matches(line, "样例", classes=[INTERNAL.class_id])) == 1


async def test_names_and_codes_of_invisible_records_find_nothing_and_change_nothing(line: Line) -> None:
    await line.happen(line.change("a"))
    questions = (NAME, "样例", CODE, "秘", "220102000002026")

    async def answers() -> list[object]:
        seen = await subjects.seen(line.pool, SUBJECT, classes=PUBLIC, today=TODAY)
        return [seen, *[await matches(line, question) for question in questions]]

    before = await answers()
    hidden = {"label_class": INTERNAL, "record_key": "x", "codes": {"CN-USCI": CODE, "CN-REG": "220102000002026"}}
    await line.happen(
        line.change("b", subject_name="样例", **hidden), line.change("c", subject_name="秘样例", **{**hidden, "record_key": "y"})
    )
    assert await answers() == before
    asked = await subjects.seen(line.pool, SUBJECT, classes=PUBLIC, today=TODAY, asked="220102000002026")
    assert asked is None and await subjects.seen(line.pool, SUBJECT, classes=PUBLIC, today=TODAY, asked=CODE) is not None


async def test_a_subject_of_several_names_is_found_once_and_bears_the_authoritys_name(line: Line) -> None:
    registered = {"record_type": "LP_REGISTRATION", "label_class": REGISTERED, "department": "market-regulation", "record_key": "reg"}
    await line.happen(
        line.change("a", subject_name="吉林样例集团有限公司", **registered),
        line.change("b", subject_name="吉林样例", known_at=line.change("x").known_at + 1),
    )
    assert await find(line, "样例") == ["吉林样例"]
    assert await find(line, "样例集团") == ["吉林样例集团有限公司"]
    seen = await subjects.seen(line.pool, SUBJECT, classes=PUBLIC, today=TODAY)
    assert seen is not None and seen.name == "吉林样例集团有限公司"


async def test_without_the_authority_the_latest_name_counts(line: Line) -> None:
    later = line.change("x").known_at + 1
    await line.happen(line.change("a", known_at=later), line.change("b", subject_name="旧名有限公司", record_key="penalty-2"))
    seen = await subjects.seen(line.pool, SUBJECT, classes=PUBLIC, today=TODAY)
    assert seen is not None and seen.name == NAME


async def test_a_name_a_record_no_longer_tells_is_no_longer_found(line: Line) -> None:
    await line.happen(line.change("a", subject_name="旧名有限公司"))
    await line.happen(line.change("b", subject_name="新名有限公司"))
    assert await find(line, "旧名") == [] and await find(line, "新名") == ["新名有限公司"]


async def test_persons_are_not_found(line: Line) -> None:
    person = replace(OPEN, subject_kind=SubjectKind.PERSON)
    told = {"subject_name": "样本甲", "codes": {"RIC": "220000190001010018"}}
    await line.happen(line.change("a", label_class=person, subject_key="p-1", **told))
    for question in ("样本甲", "220000190001010018"):
        assert await matches(line, question, classes=[person.class_id]) == ()
    assert await subjects.by_code(line.pool, "220000190001010018") is None


@pytest.mark.parametrize("hostile", ["' OR 1=1 --", "%", "_", "\\", "样%例", "a\x00b", "\ud800", "样" * 100_000, "{}", "$1", "😀" * 500])
async def test_hostile_questions_find_nothing(line: Line, hostile: str) -> None:
    await line.happen(line.change("a"), line.change("b", subject_key=OTHER, codes={"CN-USCI": OTHER_CODE}, record_key="b"))
    assert await matches(line, hostile) == ()
    assert await subjects.by_code(line.pool, hostile) is None
