"""Numbers and words of a query string."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databus.errors import Malformed
from databus.web.etags import etag, matches
from databus.web.languages import preferred
from databus.web.paging import limit_of, seconds_of, words_of


@given(st.text(max_size=12))
def test_a_limit_is_in_its_range_or_refused(text: str) -> None:
    try:
        assert 1 <= limit_of(text, usual=20, most=50) <= 50
    except Malformed as refusal:
        assert refusal.facts["most"] == 50


@pytest.mark.parametrize("text", ["0", "-1", "51", "1.0", " 5", "５", "1e3", "9" * 5000])
def test_limits_that_are_none(text: str) -> None:
    with pytest.raises(Malformed):
        limit_of(text, usual=20, most=50)


def test_no_limit_is_the_usual_one() -> None:
    assert limit_of(None, usual=20) == limit_of("", usual=20) == 20
    assert seconds_of(None, most=9) == 0 and seconds_of("9", most=9) == 9


@given(st.text(max_size=200))
def test_words_are_text_on_one_line_or_refused(text: str) -> None:
    try:
        plain = words_of(text, parameter="q")
    except Malformed:
        return
    assert len(plain) <= 100 and plain == " ".join(plain.split())
    assert "\n" not in plain and "\x00" not in plain


def test_full_width_is_half_width() -> None:
    assert words_of("　９１２２　ＡＢ ", parameter="q") == "9122 AB"


@given(st.text(max_size=200))
def test_any_header_means_a_language(header: str) -> None:
    assert preferred(header) in ("zh", "en")


def test_tags() -> None:
    tag = etag(b"body")
    assert matches(tag, tag) and matches(f'"x", W/{tag}', tag) and matches("*", tag)
    assert not matches("", tag) and not matches(etag(b"other"), tag)
