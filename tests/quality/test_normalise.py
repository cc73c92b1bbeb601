"""Writing alike changes how a thing is written, never what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.quality import normalise


@pytest.mark.parametrize(
    ("written", "alike"),
    [
        ("吉市监罚(2024)12号", "吉市监罚〔2024〕12号"),
        ("吉市监罚［２０２４］１２号", "吉市监罚〔2024〕12号"),
        ("吉市监罚【2024年】第12 号", "吉市监罚〔2024〕第12号"),
        ("吉市监罚〔2024〕12号(续)", "吉市监罚〔2024〕12号(续)"),
        ("JY12345", "JY12345"),
    ],
)
def test_document_numbers(written: str, alike: str) -> None:
    assert normalise.document_number(written) == alike


@pytest.mark.parametrize(
    ("written", "alike"),
    [
        ("  长春Ａ１公司（分店） ", "长春A1公司（分店）"),
        ("面积100㎡，浓度10²，见①", "面积100㎡，浓度10²，见①"),
        ("e\u0301", "é"),
        ("plain ", "plain"),
    ],
)
def test_text_keeps_its_signs(written: str, alike: str) -> None:
    assert normalise.text(written) == alike


@pytest.mark.parametrize(
    ("written", "alike"), [(" l0719637-9 ", "L07196379"), ("9122 0102 yyyy 0002 07", "91220102YYYY000207"), ("９1", "９1")]
)
def test_codes_keep_their_characters(written: str, alike: str) -> None:
    assert normalise.code(written) == alike


@given(st.text())
def test_written_alike_twice_is_written_alike_once(value: str) -> None:
    for spell in (normalise.text, normalise.document_number, normalise.code):
        assert spell(spell(value)) == spell(value)
