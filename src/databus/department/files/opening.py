"""A file of any format we read, opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from databus.department.files import encoding as encodings
from databus.department.files.delimited import Delimited
from databus.department.files.ndjson import Lines
from databus.department.files.row import Row
from databus.department.files.workbook import Workbook
from databus.errors import Malformed, NotFound

CSV, NDJSON, XLSX = ".csv", ".ndjson", ".xlsx"
FORMATS = {CSV: CSV, ".txt": CSV, ".tsv": CSV, NDJSON: NDJSON, ".jsonl": NDJSON, XLSX: XLSX}


@dataclass(frozen=True)
class Table:
    """An opened file. `columns` is its header, None where rows name their own; `done` and `size` tell how far it is read."""

    path: Path
    kind: str
    columns: tuple[str, ...] | None
    rows: Iterator[Row]
    done: Callable[[], int]
    size: int


def kind_of(path: Path) -> str:
    """The format of a file, by its ending.

    Raises:
        Malformed: it is none we read.
    """
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise Malformed(f"{path.name} must end in .csv, .xlsx or .ndjson", file=path.name)
    return kind


@contextmanager
def opened(path: Path, *, encoding: str = "", sheet: str = "", header: int = 1) -> Iterator[Table]:
    """A file, open for as long as its rows are read. Without an `encoding` it is told from the file's bytes; `header` is the row, from
    1, in which the names of its columns stand: what is above is passed over.

    Raises:
        NotFound: no such file.
        Malformed: another ending, no header, an encoding that cannot be told, or no workbook that may be read.
    """
    kind = kind_of(path)
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise NotFound(f"there is no file {path.name}", file=path.name) from None
    except OSError as error:
        raise Malformed(f"{path.name} cannot be read: {error.strerror}", file=path.name) from error
    with file:
        if kind == XLSX:
            with Workbook(file, path.name, sheet, header) as book:
                yield Table(path, kind, book.columns, iter(book), book.done, book.size)
            return
        told = encodings.named(encoding) if encoding else ""
        found = encodings.detected(file, path.name, told, by_rule=kind == NDJSON)
        reader = Delimited(file, path.name, found, header) if kind == CSV else Lines(file, path.name, found)
        yield Table(path, kind, reader.columns, iter(reader), file.tell, path.stat().st_size)
