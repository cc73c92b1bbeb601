"""The same file as a department publishes it: opened, mapped, checked, sent, and its result file written.

python -m bench.publish.ours FILE ROWS
"""

from __future__ import annotations

import sys
from pathlib import Path

from bench.publish.files import MAPPING, SECOND, SECRET
from bench.publish.runs import connection, measured
from databus.bootstrap.parts import registered_codec
from databus.contract import catalogue
from databus.department import mapping
from databus.department.files.opening import opened
from databus.department.publish import Batch, publish_rows
from databus.department.publisher import Publisher
from databus.department.results import writing
from databus.department.results.tally import Tally
from databus.settings import CHECKOUT


def main() -> None:
    """Publish the file and print what it took."""
    path, count = Path(sys.argv[1]), int(sys.argv[2])
    here, contract = connection(), catalogue.load(CHECKOUT / "schemas")
    codec, chosen = registered_codec(here.address), mapping.load(MAPPING, contract)
    batch = Batch(chosen.entry.department, SECOND, SECRET)
    with measured(count), opened(path) as table, Tally(path.parent) as tally:
        with Publisher(here.address, batch.department) as publisher:
            for one in publish_rows(table.rows, mapping=chosen, contract=contract, codec=codec, batch=batch, publisher=publisher):
                tally.add(one)
        with writing.writing(writing.beside(path, table.kind), table.kind, table.columns) as write:
            for page in tally.pages():
                for one in page:
                    assert one.outcome == "SENT", one
                    write(one)


if __name__ == "__main__":
    main()
