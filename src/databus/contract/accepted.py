"""What lies in `events` besides ticks and releases: accepted events, and copies of registers that came along a link."""

from __future__ import annotations

from databus.contract.codec import Codec
from databus.contract.wire import decode_event, decode_register
from databus.model.event import Event

EVENT, COPY = "databus.Event", "databus.Register"


def decode_accepted(codec: Codec, data: bytes) -> Event | None:
    """The event in a record of `events`, an original or a forwarded copy; None for a tick and a release.

    Raises:
        Undecodable, UnknownSchema: it is nothing of ours.
    """
    match codec.name(data):
        case "databus.Event":
            return decode_event(codec, data)
        case "databus.Register":
            return decode_event(codec, decode_register(codec, data).event)
        case _:
            return None
