"""A publisher that keeps what the bus has taken, and asks the intake for receipts for it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from databus.department.publisher import Done, Taken
from databus.department.receipt import digest
from databus.department.sending import Sender
from databus.department.submission import Submission
from databus.errors import DatabusError, Malformed, NotFound, Unavailable, Unprocessable

BATCH = 5_000
"""Submissions of one receipt; the intake signs up to twice as many."""
_SECONDS = 120.0
_WINDOW = 60
"""Longest pause that a limit of requests asks for, in seconds."""


class Receipting:
    """A `Publisher` around another one: what is taken is written to `taken`, a line each, in constant memory."""

    def __init__(self, publisher: Sender, taken: Path) -> None:
        self._publisher = publisher
        self._path = taken
        self._file = taken.open("w", encoding="utf-8")
        # Answers come on the producer's thread.
        self._lock = threading.Lock()

    def publish(self, submission: Submission, done: Done) -> None:
        """See `Publisher.publish`."""
        sha256 = digest(submission.key, submission.value, submission.headers)

        def kept(name: str, answer: Taken | DatabusError) -> None:
            if isinstance(answer, Taken):
                place = f'"partition":{answer.partition},"offset":{answer.offset},"sha256":"{sha256}"'
                with self._lock:
                    self._file.write(f'{{"submission_id":{json.dumps(name)},{place}}}\n')
            done(name, answer)

        self._publisher.publish(submission, kept)

    def flush(self) -> None:
        """See `Publisher.flush`."""
        self._publisher.flush()

    def close(self) -> None:
        """Nothing more will be taken."""
        with self._lock:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def receipts_of(taken: Path, *, url: str, token: str, department: str, source_sha256: str = "") -> Iterator[dict[str, Any]]:
    """The receipts for everything in a file of what was taken; one per `BATCH` submissions.

    Raises:
        NotFound: there is no such file. Unavailable: the intake does not answer.
        Unprocessable: it refuses; the error says why.
    """
    try:
        with taken.open(encoding="utf-8") as rows, httpx.Client(base_url=url, timeout=_SECONDS) as client:
            while batch := [json.loads(line) for line in islice(rows, BATCH)]:
                asked = {"submissions": batch, "source_sha256": source_sha256}
                yield _asked(client, f"/v1/departments/{department}/receipts", asked, token)
    except FileNotFoundError:
        raise NotFound(f"there is no file {taken.name}", file=taken.name) from None
    except json.JSONDecodeError as error:
        raise Malformed(f"{taken.name} is no list of what was taken", file=taken.name) from error


def _asked(client: httpx.Client, path: str, asked: dict[str, Any], token: str) -> dict[str, Any]:
    try:
        headers = {"Authorization": f"Bearer {token}"}
        # A long file may ask more often than its department may: it goes on when the intake says so.
        while (answer := client.post(path, json=asked, headers=headers)).status_code == httpx.codes.TOO_MANY_REQUESTS:
            pause = answer.headers.get("Retry-After", "")
            time.sleep(min(int(pause), _WINDOW) if pause.isdecimal() else _WINDOW)
        told: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(f"the intake gave no receipt: {type(error).__name__}", url=str(client.base_url)) from error
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise Unavailable(f"the intake gave no receipt: {answer.status_code}", url=str(client.base_url))
    if answer.status_code != httpx.codes.CREATED:
        raise Unprocessable(f"the intake refused a receipt: {told.get('detail', answer.status_code)}", status=answer.status_code)
    return told
