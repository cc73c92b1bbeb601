"""What a generator of the sample may look at, and what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from databus.contract.catalogue import Contract, Department, RecordType
from databus.contract.fields import STEP, Field
from databus.testing.province.subjects import Subject


@dataclass(frozen=True, slots=True)
class Making:
    """`made` holds the fields before this one, `decided` is the day of the decision, `until` the last day of which the sample
    tells."""

    record_type: RecordType
    subject: Subject
    department: Department
    decided: date
    until: date
    serial: int
    random: Random
    contract: Contract
    made: dict[str, Any]

    def field(self, path: str) -> Field:
        """A field of the type, or a part of one by its path."""
        holder, _, part = path.partition(STEP)
        field = self.record_type.fields[holder]
        return field.parts[part] if part else field


Generator = Callable[[str, Mapping[str, Any], Making], Any]
"""From the path of a field, its hint and all there is to look at: a value, or None for none."""
