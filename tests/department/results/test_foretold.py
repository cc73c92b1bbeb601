"""The sums of a foretold file: what each kind of reader would see of how many rows."""

from __future__ import annotations

from typing import Any

from databus.department.results.foretold import Summary


def row(
    *, kept: tuple[str, ...], masked: tuple[str, ...] = (), withheld: dict[str, str] | None = None, kind: str = "ADDED"
) -> dict[str, Any]:
    sight = {"visible": True, "kept": list(kept), "masked": list(masked), "withheld": withheld or {}}
    return {
        "outcome": "ACCEPTED",
        "record": {"publication": "PUBLIC", "commercial": "NONE", "privacy": "NONE", "standing": "SHOWN", "rule": "R"},
        "fields": {"a": {"class": "PUBLIC", "commercial": "NONE", "privacy": "NONE"}},
        "readers": {"public": sight},
        "effect": {"kind": kind, "fields": ["a"]},
    }


def test_rows_are_summed_by_reader_field_class_and_step() -> None:
    summary = Summary()
    for one in (
        row(kept=("a", "b")),
        row(kept=("a",), masked=("b",), kind="CHANGED"),
        row(kept=(), withheld={"a": "DENY_X", "b": "DENY_Y"}),
        {"outcome": "REFUSED", "problems": []},
    ):
        summary.note(one)
    told = summary.told()
    assert told["outcomes"] == {"ACCEPTED": 3, "REFUSED": 1}
    public = told["readers"]["public"]
    # Of the third row this reader sees nothing.
    assert (public["rows"], public["kept"], public["masked"]) == (2, {"a": 2, "b": 1}, {"b": 1})
    assert public["withheld"] == {"DENY_X": {"a": 1}, "DENY_Y": {"b": 1}}
    assert told["effect"] == {"kinds": {"ADDED": 2, "CHANGED": 1}, "fields": {"a": 3}}
    [record] = told["records"]
    assert (record["standing"], record["rows"]) == ("SHOWN", 3)
    assert told["fields"] == [{"class": "PUBLIC", "commercial": "NONE", "privacy": "NONE", "mask": "", "rows": {"a": 3}}]
