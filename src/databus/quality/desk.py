"""What all submissions of a process are judged with, made ready once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from joserfc.jwk import ECKey

from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.quality.completeness import Blank, blank_of
from databus.quality.quarantine import Seal, seal_of
from databus.quality.rules import Questions, questions
from databus.quality.secrecy import EnvelopeReader, envelope_reader


@dataclass(frozen=True, slots=True)
class Desk:
    """Contracts, codec and keys; the questions by type, and by entry where it asks others; the reader of damaged submissions'
    envelopes."""

    contract: Contract
    codec: Codec
    platform_key: bytes
    seal: Seal
    blank: Blank
    types: Mapping[str, Questions]
    entries: Mapping[str, Questions]
    envelope: EnvelopeReader
    waivers: ECKey | None

    def questions(self, record_type: str, catalog_code: str) -> Questions:
        """What a submission of a type under an entry is asked; a foreign or unknown entry asks what the type does."""
        own = self.entries.get(catalog_code)
        return own if own is not None and own.record_type.name == record_type else self.types[record_type]


def desk_of(contract: Contract, codec: Codec, *, platform_key: bytes, quarantine_key: bytes, waiver_key: ECKey | None) -> Desk:
    """The desk over one contract; without a waiver key no waiver is believed.

    Raises:
        BadContract: a type asks for a rule that no check of one submission answers.
        BadSettings: the quarantine key is shorter than 32 bytes.
    """
    return Desk(
        contract=contract,
        codec=codec,
        platform_key=platform_key,
        seal=seal_of(quarantine_key),
        blank=blank_of(contract),
        types={name: questions(record_type, contract) for name, record_type in contract.types.items()},
        entries={
            entry.code: questions(record_type, contract, entry.dq_profile)
            for record_type in contract.types.values()
            for entry in record_type.entries
            if entry.dq_profile
        },
        envelope=envelope_reader(contract),
        waivers=waiver_key,
    )
