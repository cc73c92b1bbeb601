"""Masks of domain 3.6: the stated examples, and that no input brings the hidden part to light."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.policy.masks import MASKS, address, bank, birth, email, free_text, id_court, id_default, landline, mobile, name

CHINESE = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)


@pytest.mark.parametrize(
    ("mask", "text", "shown"),
    [
        (name, "王五", "王*"),
        (name, "欧小明明", "欧***"),
        (name, "欧阳小明", "欧阳**"),
        (name, "欧阳", "欧*"),
        (name, "王", "*"),
        (id_court, "220000190001010018", "2200001900****0018"),
        (id_court, "E12345678", "*********"),
        (id_default, "220000190001010018", "220***********0018"),
        (id_default, "220102000101001", "220********1001"),
        (id_default, "E12345678", "*********"),
        (mobile, "13912345678", "139****5678"),
        (mobile, "12345", "*****"),
        (landline, "0431-88905678", "0431-******78"),
        (landline, "88905678", "********"),
        (address, "吉林省长春市南关区人民大街1号", "吉林省长春市南关区****"),
        (address, "吉林省延边朝鲜族自治州延吉市解放路2号", "吉林省延边朝鲜族自治州延吉市****"),
        (address, "吉林省松原市前郭尔罗斯蒙古族自治县查干湖路3号", "吉林省松原市前郭尔罗斯蒙古族自治县****"),
        (address, "长春市人民大街100号幸福小区", "长春市****"),
        (address, "幸福小区3栋", "****"),
        (bank, "6222020000001234", "************1234"),
        (email, "zhang@example.cn", "z***@example.cn"),
        (email, "z@example.cn", "***@example.cn"),
        (email, "nobody", "****"),
        (birth, "1985-06-01", "1985-**-**"),
        (birth, "八五年", "***"),
    ],
)
def test_the_stated_examples(mask: object, text: str, shown: str) -> None:
    assert mask(text) == shown  # type: ignore[operator]


@given(st.text(alphabet="0123456789X", min_size=18, max_size=18))
def test_the_middle_of_an_identity_number_never_matters(number: str) -> None:
    other = number[:3] + "00000000000" + number[14:]
    assert id_default(number) == id_default(other)
    assert id_court(number) == id_court(number[:10] + "0000" + number[14:])


@given(st.text(max_size=40))
def test_a_mask_never_shows_a_whole_text_of_another_form(text: str) -> None:
    for mask in (name, id_default, mobile, landline, bank, birth):
        assert len(text) == 0 or "*" in mask(text)
    assert "*" in email(text) and "*" in address(text)


@given(st.text(alphabet=CHINESE, min_size=2, max_size=6), st.text(alphabet=CHINESE, min_size=2, max_size=6))
def test_two_names_that_begin_alike_look_alike(one: str, other: str) -> None:
    masked, length = name(one), len(one)
    assert masked.rstrip("*") in (one[0], one[:2])
    assert len(masked) == length
    if one[0] == other[0] and len(one) == len(other) and one[:2] == other[:2]:
        assert masked == name(other)


@given(st.integers(min_value=0, max_value=9999), st.text(alphabet="甲乙丙丁小区号栋室路县", max_size=12))
def test_nothing_behind_the_district_is_shown(number: int, rest: str) -> None:
    assert address(f"吉林省长春市南关区人民大街{number}号{rest}") == "吉林省长春市南关区****"


@given(st.text(alphabet=CHINESE, max_size=8), st.text(alphabet=CHINESE, max_size=8))
def test_numbers_inside_a_text_are_found_wherever_they_stand(before: str, after: str) -> None:
    secrets = {"220102190001010016": "010100", "22010219000101001X": "010100", "13912345678": "1234", "6222020000001234": "020000"}
    for number, middle in secrets.items():
        shown = free_text(f"{before}{number}{after}")
        assert number not in shown and middle not in shown
        assert shown.startswith(before) and shown.endswith(after)


def test_a_text_keeps_what_is_not_personal() -> None:
    text = "依据〔2024〕123号，91220000YYYY00012A 罚款 20000.00 元，2026-03-01 缴清。"
    assert free_text(text) == text
    assert (
        free_text("电话 139 1234 5678、0431-88905678，邮箱 zhang@example.cn。")
        == "电话 139******5678、0431-******78，邮箱 z***@example.cn。"
    )
    assert free_text("身份证 ２２０１０２１９０００１０１００１６") != "身份证 ２２０１０２１９０００１０１００１６"


@given(st.text(max_size=60))
def test_masking_a_text_twice_changes_nothing_more(text: str) -> None:
    once = free_text(text)
    assert free_text(once) == once


def test_every_mask_takes_any_text() -> None:
    for mask in MASKS.values():
        for text in ("", " ", "\x00", "😀", "a" * 5000):
            assert isinstance(mask(text), str)
