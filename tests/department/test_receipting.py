"""A publisher that asks for receipts: everything the bus has taken, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from databus.department import receipting
from databus.department.publisher import Done, Taken
from databus.department.receipt import digest
from databus.department.receipting import Receipting, receipts_of
from databus.department.submission import Submission
from databus.errors import BusUnavailable, Malformed, NotFound, Unavailable, Unprocessable


class Bus:
    """Takes every submission but those called `lost`."""

    def __init__(self) -> None:
        self.count = 0

    def publish(self, submission: Submission, done: Done) -> None:
        name = submission.submission_id
        self.count += 1
        done(name, BusUnavailable("away") if name == "lost" else Taken(name, "in.tax", 1, self.count))

    def flush(self) -> None:
        """Nothing is in flight."""


def submission(name: str) -> Submission:
    return Submission(name, b"key", name.encode(), (("databus-submission-id", name.encode()),))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the intake is asked; it answers with how many it was asked for."""
    found: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        found.append({"path": request.url.path, "token": request.headers["authorization"], **json.loads(request.content)})
        return httpx.Response(201, json={"count": len(found[-1]["submissions"])})

    serve(monkeypatch, answer)
    return found


def serve(monkeypatch: pytest.MonkeyPatch, answer: Callable[[httpx.Request], httpx.Response]) -> None:
    real = httpx.Client
    monkeypatch.setattr(receipting.httpx, "Client", lambda **more: real(transport=httpx.MockTransport(answer), **more))


def sent(tmp_path: Path, *names: str) -> Path:
    taken, told = tmp_path / "taken", list[str]()
    with Receipting(Bus(), taken) as made:
        for name in names:
            made.publish(submission(name), lambda one, _: told.append(one))
        made.flush()
    assert told == list(names)
    return taken


def test_what_was_taken_is_asked_for_in_batches(tmp_path: Path, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipting, "BATCH", 2)
    taken = sent(tmp_path, "a", "lost", "b", "c")
    found = list(receipts_of(taken, url="http://intake", token="t", department="tax", source_sha256="ab" * 32))
    assert found == [{"count": 2}, {"count": 1}]
    assert {one["path"] for one in asked} == {"/v1/departments/tax/receipts"} and {one["token"] for one in asked} == {"Bearer t"}
    rows = [row for one in asked for row in one["submissions"]]
    assert [(row["submission_id"], row["partition"], row["offset"]) for row in rows] == [("a", 1, 1), ("b", 1, 3), ("c", 1, 4)]
    assert rows[0]["sha256"] == digest(b"key", b"a", (("databus-submission-id", b"a"),)) and asked[0]["source_sha256"] == "ab" * 32


def test_nothing_taken_is_no_receipt(tmp_path: Path, asked: list[dict[str, Any]]) -> None:
    assert list(receipts_of(sent(tmp_path, "lost"), url="http://intake", token="t", department="tax")) == []


@pytest.mark.parametrize(("status", "error"), [(503, Unavailable), (500, Unavailable), (422, Unprocessable), (401, Unprocessable)])
def test_an_intake_that_gives_none_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, error: type[Exception]) -> None:
    serve(monkeypatch, lambda _: httpx.Response(status, json={"detail": "because"}))
    with pytest.raises(error, match="because" if status < 500 else str(status)):
        list(receipts_of(sent(tmp_path, "a"), url="http://intake", token="t", department="tax"))


def test_a_limit_is_waited_for_as_long_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paused = list[float]()
    monkeypatch.setattr(receipting.time, "sleep", paused.append)
    answers = iter((httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(429), httpx.Response(201, json={"count": 1})))
    serve(monkeypatch, lambda _: next(answers))
    assert list(receipts_of(sent(tmp_path, "a"), url="http://intake", token="t", department="tax")) == [{"count": 1}]
    assert paused == [7, 60]


def test_an_intake_that_is_away_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no", request=request)

    serve(monkeypatch, away)
    with pytest.raises(Unavailable):
        list(receipts_of(sent(tmp_path, "a"), url="http://intake", token="t", department="tax"))


def test_what_is_no_list_of_what_was_taken_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        list(receipts_of(tmp_path / "none", url="http://intake", token="t", department="tax"))
    (tmp_path / "taken").write_text("row,offset\n1,2\n")
    with pytest.raises(Malformed):
        list(receipts_of(tmp_path / "taken", url="http://intake", token="t", department="tax"))
