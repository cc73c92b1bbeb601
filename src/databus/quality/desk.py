"""What all submissions of a process are judged with, made ready once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.quality.quarantine import Seal, seal_of
from databus.quality.rules import Questions, questions
from databus.quality.secrecy import EnvelopeReader, envelope_reader


@dataclass(frozen=True, slots=True)
class Desk:
    """Contracts, codec and keys; each type's questions; the reader of damaged submissions' envelopes."""

    contract: Contract
    codec: Codec
    platform_key: bytes
    seal: Seal
    questions: Mapping[str, Questions]
    envelope: EnvelopeReader


def desk_of(contract: Contract, codec: Codec, *, platform_key: bytes, quarantine_key: bytes) -> Desk:
    """The desk over one contract.

    Raises:
        BadContract: a type asks for a rule that no check of one submission answers.
        BadSettings: the quarantine key is shorter than 32 bytes.
    """
    return Desk(
        contract=contract,
        codec=codec,
        platform_key=platform_key,
        seal=seal_of(quarantine_key),
        questions={name: questions(record_type, contract) for name, record_type in contract.types.items()},
        envelope=envelope_reader(contract),
    )
