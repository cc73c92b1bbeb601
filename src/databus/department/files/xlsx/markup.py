"""XML as a stream of elements: no document type, so no entities of any kind; no token longer than a cell could need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from xml.parsers import expat

from databus.errors import Malformed

Started = Callable[[str, dict[str, str]], None]
Ended = Callable[[str], None]
Said = Callable[[str], None]
LONGEST_TOKEN = 1 << 20


def parse(blocks: Iterable[bytes], name: str, *, start: Started, end: Ended, said: Said) -> Iterator[None]:
    """Call back for each element (without its namespace) and text; yields after each block, so that what was made can be taken.

    Raises:
        Malformed: not XML, a document type, or a token of more than a mebibyte.
    """
    # A separator puts the namespace before the name, and the name is what stands behind the last one.
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    fed = seen = 0

    def started(element: str, attributes: dict[str, str]) -> None:
        start(element.rpartition(" ")[2], attributes)

    def ended(element: str) -> None:
        end(element.rpartition(" ")[2])

    def refuse(*_: object) -> None:
        raise Malformed(f"{name} declares a document type; no workbook does", file=name)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = started, ended, said
    parser.StartDoctypeDeclHandler = refuse
    try:
        for block in blocks:
            parser.Parse(block, False)
            fed += len(block)
            seen = max(seen, parser.CurrentByteIndex)
            if fed - seen > LONGEST_TOKEN:
                raise Malformed(f"{name} holds a piece of markup longer than any cell", file=name)
            yield
        parser.Parse(b"", True)
        yield
    except expat.ExpatError as error:
        raise Malformed(f"{name} is damaged: {error}", file=name) from error
