"""What lies in `events` besides ticks and releases: accepted events, and copies of registers that came along a link."""

from __future__ import annotations

from databus.contract import wire
from databus.contract.codec import Codec
from databus.model.event import Event

EVENT, COPY = "databus.Event", "databus.Register"


def decode_accepted(codec: Codec, data: bytes) -> Event | None:
    """The event in a record of `events`, an original or a forwarded copy; None for a tick and a release.

    Raises:
        Undecodable, UnknownSchema: it is nothing of ours.
    """
    match codec.name(data):
        case "databus.Event":
            return wire.decode_event(codec, data)
        case "databus.Register":
            return wire.decode_event(codec, wire.decode_register(codec, data).event)
        case _:
            return None
