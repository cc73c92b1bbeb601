"""Types that say which older codes a unified code replaced, as type.yaml tells it under `maps` (domain 1.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from databus.contract.identifiers import normalise_code


@dataclass(frozen=True, slots=True)
class Proof:
    """The last characters of an older code that a part of the unified code repeats; not for classes (its first two characters)."""

    last: int
    of: slice
    not_for: frozenset[str]

    def applies(self, unified: str) -> bool:
        """True if subjects of this class had such a code at all."""
        return unified[:2] not in self.not_for

    def holds(self, code: str, unified: str) -> bool:
        """True if the two go together."""
        return code[-self.last :] == unified[self.of]


@dataclass(frozen=True, slots=True)
class OldCode:
    """An older code: its field, its scheme, the check of its form, and the department that gave it out (both may be empty)."""

    field: str
    scheme: str
    form: str
    length: int | None
    proof: Proof | None
    keeper: str


@dataclass(frozen=True, slots=True)
class CodeMap:
    """`unified` is the field of the code that stands, `status` that of the verdict; `registrar` is by the first character of the code."""

    unified: str
    status: str
    registrar: Mapping[str, str]
    old: tuple[OldCode, ...]

    def stands(self, payload: Mapping[str, Any]) -> str:
        """The unified code a payload names, empty without one."""
        return payload.get(self.unified) or ""

    def told(self, payload: Mapping[str, Any]) -> tuple[tuple[OldCode, str], ...]:
        """The older codes a payload names, in normal form; one that is the unified code again is none."""
        unified = normalise_code(self.stands(payload))
        read = ((old, normalise_code(payload.get(old.field) or "")) for old in self.old)
        return tuple((old, code) for old, code in read if code and code != unified and old.length in (None, len(code)))

    def alone(self, payload: Mapping[str, Any], old: OldCode, status: str | None) -> dict[str, Any]:
        """The payload with no other older code than this one, and the verdict on it."""
        others = {other.field for other in self.old if other is not old}
        return {name: None if name in others else value for name, value in payload.items()} | {self.status: status}


def code_map_of(raw: Mapping[str, Any] | None) -> CodeMap | None:
    """The map in a type's YAML; None for a type that is none."""
    if raw is None:
        return None
    return CodeMap(raw["to"], raw["status"], dict(raw["registrar"]), tuple(_old(field, row) for field, row in raw["from"].items()))


def _old(field: str, row: Mapping[str, Any]) -> OldCode:
    proof = row.get("proof")
    return OldCode(
        field=field,
        scheme=row["scheme"],
        form=row.get("form", ""),
        length=row.get("length"),
        proof=Proof(proof["last"], slice(*proof["of"]), frozenset(proof.get("not_for", ()))) if proof else None,
        keeper=row.get("keeper", ""),
    )
