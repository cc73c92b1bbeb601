"""Labels of every field as data for the bundle, made from the contracts: there is no second copy to keep in step."""

from __future__ import annotations

from databus.contract.catalogue import Contract
from databus.contract.fields import Field


def labels(contract: Contract) -> dict[str, dict[str, dict[str, str]]]:
    """Record type → field, or path of a part of records → class, commercial, privacy, mask (empty for none) and kind."""
    return {
        name: {path: _label(field) for path, field in record_type.leaves.items()} for name, record_type in sorted(contract.types.items())
    }


def _label(field: Field) -> dict[str, str]:
    return {
        "class": field.publication.value,
        "commercial": field.commercial.value,
        "privacy": field.privacy.value,
        "mask": field.mask or "",
        "kind": field.kind,
    }
