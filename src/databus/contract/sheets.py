"""Sheets between the log and the model: bytes in a frame, written and read by hand, for each event writes one."""

from __future__ import annotations

from functools import lru_cache

from databus.contract.codec import Codec
from databus.contract.wire import NEVER
from databus.errors import Undecodable

SHEET = "databus.Sheet"
_SEVEN_BITS, _MORE = 0x7F, 0x80


def encode_sheet(codec: Codec, told: bytes) -> bytes:
    """A sheet, framed: what a subject's records say together. It never wakes."""
    # By hand, for each event writes one: all but length and bytes is the same in every sheet.
    length, size = bytearray(), len(told) << 1
    while size > _SEVEN_BITS:
        length.append(size & _SEVEN_BITS | _MORE)
        size >>= 7
    length.append(size)
    return _sheet_head(codec) + bytes(length) + told


def decode_sheet(codec: Codec, data: bytes) -> bytes:
    """The sheet in these bytes.

    Raises:
        Undecodable: the bytes are no sheet.
    """
    head = _sheet_head(codec)
    if data.startswith(head):
        at = len(head)
        while at < len(data) and data[at] & _MORE:
            at += 1
        return data[at + 1 :]
    name, value = codec.decode(data)
    if name != SHEET:
        raise Undecodable(f"expected a {SHEET}, found a {name}", expected=SHEET, found=name)
    told: bytes = value["told"]
    return told


@lru_cache(maxsize=8)
def _sheet_head(codec: Codec) -> bytes:
    return codec.encode(SHEET, {"wake": NEVER, "told": b""})[:-1]
