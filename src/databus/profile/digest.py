"""The digest of a current profile: equal for two folds of the same events, whatever their order, `pv` and repeats (design 8)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from databus.contract import wire
from databus.contract.codec import Codec
from databus.model import keys
from databus.profile.dossier import holds_records
from databus.profile.registers import DELETE, Address


def digests(groups: Iterable[tuple[bytes, Mapping[bytes, bytes]]], codec: Codec) -> dict[str, bytes]:
    """The digest of every subject in a partition's registers, by subject key; `groups` are those of `State`, in any order.

    What a DELETE has overtaken counts for nothing: a rebuild may not find it any more. Only records count: heads, sheets and
    clocks are made of them, or tell how the profile came about.

    Raises:
        Undecodable: a register is none of ours.
    """
    subjects: dict[str, list[bytes]] = {}
    for prefix, registers in groups:
        subject, group = keys.unpack(prefix)
        if holds_records(group):
            subjects.setdefault(subject, []).append(_record(prefix, registers, codec))
    return {subject: hashlib.sha256(b"".join(sorted(parts))).digest() for subject, parts in subjects.items()}


def _record(prefix: bytes, registers: Mapping[bytes, bytes], codec: Codec) -> bytes:
    kept: list[bytes] = []
    stands: set[tuple[str, str, tuple[str, ...], int]] = set()
    for key, value in registers.items():
        register = wire.decode_register(codec, value)
        if register.standing is not None:
            stands.add((register.standing.value, register.rule, register.flags, register.wake))
        if Address(*keys.unpack(key)).facet == DELETE or wire.decode_event(codec, register.event).body:
            kept.append(_framed(key) + _framed(register.event) + b"".join(map(_framed, sorted(register.rivals))))
    return hashlib.sha256(prefix + b"".join(sorted(kept)) + repr(sorted(stands)).encode()).digest()


def _framed(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part
