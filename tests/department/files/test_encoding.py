"""UTF-8 and GB18030 are told apart by their bytes, and nothing is guessed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from databus.department.files.encoding import GB18030, UTF_8, detected, named
from databus.errors import Malformed
from department.conftest import rows_in

TEXT = "企业名称,注册地址\n" + "吉林省长白众合人参制品有限公司,长春市南关区人民大街9001号\n" * 50


def told(content: bytes) -> str:
    return detected(io.BytesIO(content), "f")


def test_both_are_told_and_plain_ascii_is_utf_8() -> None:
    assert told(TEXT.encode()) == told(b"\xef\xbb\xbf" + TEXT.encode()) == told(b"a,b\n") == told(b"") == UTF_8
    assert told(TEXT.encode("gb18030")) == told(TEXT.encode("gbk")) == GB18030


def test_what_lies_behind_a_megabyte_of_ascii_counts() -> None:
    head = b"1,2,3\n" * 300_000
    assert told(head + TEXT.encode("gb18030")) == GB18030
    assert told(head + TEXT.encode()) == UTF_8


@pytest.mark.parametrize("ahead", range(4))
def test_a_line_that_goes_on_behind_what_is_looked_at_is_not_taken_for_damaged(ahead: int) -> None:
    line = "a" * ahead + "统一社会信用代码" * 60_000
    assert told(line.encode()) == UTF_8
    assert told(line.encode("gb18030")) == GB18030


def test_a_few_damaged_rows_do_not_make_it_the_other_encoding() -> None:
    damaged = TEXT.encode() + b"\xff\xd0,x\n"
    assert told(damaged) == UTF_8
    assert told(TEXT.encode("gb18030") + b"\xff\xff,x\n") == GB18030


@pytest.mark.parametrize(
    "content", [TEXT.encode() + TEXT.encode("gb18030"), "йкл\n".encode(), b"\xff\xff\n", b"\xff\xfea\x00", b"\xfe\xff\x00a"]
)
def test_what_could_be_either_or_neither_is_asked(content: bytes) -> None:
    with pytest.raises(Malformed):
        told(content)


def test_a_user_may_say_which(tmp_path: Path) -> None:
    assert [named(one) for one in ("UTF8", "utf-8", "GBK", "gb2312", "GB18030")] == [UTF_8, UTF_8, GB18030, GB18030, GB18030]
    with pytest.raises(Malformed, match="latin-1"):
        named("latin-1")
    path = tmp_path / "a.csv"
    path.write_bytes("名\n𠮷\n".encode("gb18030"))
    assert rows_in(path, encoding="gb18030")[0].cells == {"名": "𠮷"}
