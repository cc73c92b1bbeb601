"""Sending the sample: each department by its own publisher, with the day on which it says it sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.department.publisher import Publisher, Taken
from databus.department.submission import compose
from databus.errors import DatabusError
from databus.testing.province.ledger import Line, line_of
from databus.testing.province.planned import Planned

SYSTEM = "sample"


def load(
    planned: Iterable[Planned],
    *,
    contract: Contract,
    codec: Codec,
    publishers: Mapping[str, Publisher],
    secrets: Mapping[str, bytes],
    on_sent: Callable[[], None],
    told: bool = True,
    patience: float = 60.0,
) -> list[Line]:
    """Send everything and wait, at most `patience` seconds, until it is taken; the ledger's lines.

    Raises:
        DatabusError: a submission was not taken; sending all of it again is harmless.
    """
    failed: list[DatabusError] = []

    def done(_: str, answer: Taken | DatabusError) -> None:
        if isinstance(answer, DatabusError):
            failed.append(answer)

    lines = []
    for one in planned:
        submission = compose(
            one.cut,
            codec=codec,
            record_type=contract.types[one.record_type],
            entry=contract.entries[one.catalog_code],
            system=SYSTEM,
            submission_id=one.submission_id,
            seq=one.seq,
            now=one.told,
            secret=secrets[one.department],
            told=one.told if told else None,
        )
        publishers[one.department].publish(submission, done)
        lines.append(line_of(one))
        on_sent()
        if failed:
            raise failed[0]
    for publisher in publishers.values():
        publisher.flush(patience)
    if failed:
        raise failed[0]
    return lines
