"""What strangers have written is shown on a terminal, never obeyed by it."""

from __future__ import annotations

import pytest

from databus.cli.output import aside, console, headed, table
from databus.cli.progress import reading

HOSTILE = [
    "[/foo]",
    "[red]x",
    "[link=file:///x]y[/link]",
    "\\[x]",
    ":smile:",
    "\x1b]0;title\x07",
    "\x1b[2J",
    "\x9b2J",
    "a\rb",
    "\u202egpj.exe",
]
COMMANDS = "\x1b\x07\x9b\r\u202e"


def as_shown(text: str) -> str:
    return "".join("\ufffd" if letter in COMMANDS else letter for letter in text)


@pytest.mark.parametrize("word", HOSTILE)
def test_no_word_is_taken_for_markup_or_a_command(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    console().print(table(word, (word,), [(word,)]))
    console().print(word)
    aside().print(headed(word, word))
    with reading(word, 1, lambda: 1) as step:
        step()
    out, err = capsys.readouterr()
    assert [line.rstrip() for line in out.splitlines()] == [as_shown(word)] * 4
    assert err == as_shown(word) * 2 + "\n"


def test_a_line_may_break_and_its_head_is_set_apart(capsys: pytest.CaptureFixture[str]) -> None:
    console().print(headed("head:", " one\ntwo"))
    assert capsys.readouterr().out == "head: one\ntwo\n"
    assert [str(span.style) for span in headed("head:", " rest", style="red").spans] == ["red"]
