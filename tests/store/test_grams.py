"""Names as they are searched."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from databus.store.grams import STOPPED, fold, grams

NAMES = st.text(st.characters(codec="utf-8"), max_size=40) | st.text("长春市华兴商贸有限责任公司股份分A1 ", max_size=30)


@given(NAMES, st.integers(0, 40), st.integers(0, 40))
def test_whatever_contains_a_text_has_all_its_grams(name: str, start: int, size: int) -> None:
    folded = fold(name)
    part = folded[start : start + size]
    assert set(grams(part)) <= set(grams(folded))


def test_width_case_and_blanks_do_not_count() -> None:
    assert fold(" Ｊｉｌｉｎ 样例　Ltd（长春）") == fold("jilin样例LTD(长春)") == "jilin样例ltd(长春)"


def test_legal_forms_select_nothing() -> None:
    assert grams(fold("有限责任公司")) == ()
    assert grams(fold("样例股份有限公司")) == ("例股", "样例")
    assert "公司" in STOPPED and "样例" not in STOPPED


def test_a_name_of_any_length_is_searched_by_its_beginning() -> None:
    assert len(fold("长" * 10_000)) == 400
