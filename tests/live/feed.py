"""Reading a feed to its end, as an agency does."""

from __future__ import annotations

import json
from typing import Any

import httpx

EVENTS = "/v1/feeds/changes/events"
MOST_PAGES = 5000

Line = dict[str, Any]


def page(client: httpx.Client, cursor: str | None = None, **asked: Any) -> list[Line]:
    """The lines of one answer; the last one is the control line."""
    answer = client.get(EVENTS, params={**asked, **({"cursor": cursor} if cursor else {})})
    assert answer.status_code == 200, answer.text
    told = [json.loads(line) for line in answer.text.splitlines()]
    assert told[-1]["control"] == "end_of_page", told[-1]
    return told


def pages_of(client: httpx.Client, cursor: str | None = None, **asked: Any) -> list[list[Line]]:
    """Every answer from a cursor (or the beginning) until there is no more."""
    found: list[list[Line]] = []
    while len(found) < MOST_PAGES:
        found.append(page(client, cursor, **asked))
        cursor = found[-1][-1]["cursor"]
        if not found[-1][-1]["more"]:
            return found
    raise AssertionError(f"the feed has no end after {MOST_PAGES} pages")


def lines_of(client: httpx.Client, cursor: str | None = None, **asked: Any) -> list[Line]:
    """Every line about a record, control lines left out."""
    return [line for one in pages_of(client, cursor, **asked) for line in one if line["type"] != "control"]


def plain(lines: list[Line]) -> list[Line]:
    """Lines without their cursors, which differ each time."""
    return [{name: value for name, value in line.items() if name != "cursor"} for line in lines]
