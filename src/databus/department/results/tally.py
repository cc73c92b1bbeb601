"""What became of each row, kept on disk until the last one is read: memory stays the same however long the file."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from databus.department.outcome import RowResult

PAGE = 1_000


class Tally:
    """Results in the order they are added, read back page by page. `folder` is where they may lie meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed with the tally
        self._page: list[RowResult] = []

    def add(self, result: RowResult) -> None:
        """Keep a result."""
        self._page.append(result)
        if len(self._page) == PAGE:
            self._keep()

    def _keep(self) -> None:
        # Nobody else can open the file: it has no name.
        pickle.dump(self._page, self._file, pickle.HIGHEST_PROTOCOL)
        self._page = []

    def pages(self) -> Iterator[list[RowResult]]:
        """Everything that was added."""
        if self._page:
            self._keep()
        end = self._file.tell()
        self._file.seek(0)
        while self._file.tell() < end:
            yield pickle.load(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
