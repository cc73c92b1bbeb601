"""JSON from strangers: one reading or a typed refusal, in bounded memory."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databus.department.http import strict
from databus.errors import Malformed, Rejected, TooLarge

REFUSED = [
    (b"\xff{}", "encoding"),
    ('{"a": "\ud83d"}'.encode("utf-8", "surrogatepass"), "encoding"),
    ('{"a": 1}'.encode("utf-16"), "encoding"),
    (b"", "syntax"),
    (b"{", "syntax"),
    (b'{"a": 1} {}', "syntax"),
    (b"{'a': 1}", "syntax"),
    (b'{"a": 01}', "syntax"),
    (b'\xef\xbb\xbf{"a": 1}', "syntax"),
    (b'{"a": 1, "b": {"c": 1, "c": 2}}', "duplicate-name"),
    (b'{"a": 1, "\\u0061": 2}', "duplicate-name"),
    (b"[9223372036854775808]", "number"),
    (b"[-9223372036854775809]", "number"),
    (b"[" + b"9" * 5000 + b"]", "number"),
    (b"[1e400]", "number"),
    (b"[1." + b"0" * 5000 + b"]", "number"),
    (b"[NaN]", "number"),
    (b"[-Infinity]", "number"),
    (b'["\\ud83d"]', "surrogate"),
    (b'{"\\udc00": 1}', "surrogate"),
    (b"[" * 17 + b"]" * 17, "depth"),
    (b"[" * 200_000, "depth"),
    (b'{"a":' * 100_000, "depth"),
]


@pytest.mark.parametrize(("body", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_what_could_be_read_in_two_ways_or_none_is_refused_by_name(body: bytes, reason: str) -> None:
    with pytest.raises(Malformed) as refused:
        strict.parse(body)
    assert refused.value.facts["reason"] == reason and len(refused.value.detail) < 300


def test_numbers_stay_as_they_were_written() -> None:
    value = strict.parse(b'{"sum": 0.10, "most": 9223372036854775807, "text": "0.10"}')
    assert value == {"sum": "0.10", "most": "9223372036854775807", "text": "0.10"}
    assert isinstance(value["sum"], strict.Numeral) and not isinstance(value["text"], strict.Numeral)


def test_whole_characters_outside_the_first_plane_are_read() -> None:
    assert strict.parse(b'["\\ud83d\\ude00"]') == ["\U0001f600"]
    assert strict.parse(b"[" * 16 + b"]" * 16)


def test_what_would_be_large_in_memory_is_refused_before_it_is_read() -> None:
    body = b"[" + b"[]," * (4 * 1024 * 1024 // 3) + b"[]]"
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            strict.parse(body)
        assert tracemalloc.get_traced_memory()[1] < 1024 * 1024
    finally:
        tracemalloc.stop()


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@settings(max_examples=150)
@given(VALUES)
def test_what_json_writes_is_read_back(value: Any) -> None:
    assert strict.parse(json.dumps(value).encode()) == plain(value)
    assert strict.parse(json.dumps(value, ensure_ascii=False).encode()) == plain(value)


@settings(max_examples=300)
@given(
    st.binary(max_size=200)
    | VALUES.map(lambda value: json.dumps(value).encode()).flatmap(lambda body: st.builds(_spoilt, st.just(body), st.data()))
)
def test_no_bytes_make_it_crash(body: bytes) -> None:
    try:
        strict.parse(body)
    except Rejected as error:
        assert error.status in (400, 413)


def _spoilt(body: bytes, data: st.DataObject) -> bytes:
    place = data.draw(st.integers(0, len(body)))
    return body[:place] + data.draw(st.binary(max_size=4)) + body[place + data.draw(st.integers(0, 3)) :]
