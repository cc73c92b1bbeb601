"""What a whole file would come to: who would see how much of it, how it is classed, and what would become of profiles."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

_LABELS = ("class", "commercial", "privacy", "mask")
_RECORD = ("publication", "commercial", "privacy", "standing", "rule")


class Seen:
    """What one kind of reader would see: of how many rows anything, and of how many rows each field, how."""

    def __init__(self) -> None:
        self.rows = 0
        self.kept, self.masked = Counter[str](), Counter[str]()
        self.withheld: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def note(self, told: Mapping[str, Any]) -> None:
        """Count one row; see `department.http.foresight`."""
        self.rows += bool(told["kept"] or told["masked"])
        self.kept.update(told["kept"])
        self.masked.update(told["masked"])
        for field, reason in told["withheld"].items():
            self.withheld[reason][field] += 1

    def told(self) -> dict[str, Any]:
        """The counts as JSON: rows by field, and withheld ones by reason and field."""
        return {"rows": self.rows, "kept": self.kept, "masked": self.masked, "withheld": dict(self.withheld)}


class Summary:
    """Counts of rows as `foresight.body` tells them. Its size is that of the contract, however long the file."""

    def __init__(self) -> None:
        self.outcomes, self.effects = Counter[str](), Counter[str]()
        self.changed = Counter[str]()
        self.classes: Counter[tuple[str, ...]] = Counter()
        self.fields: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        self.readers: defaultdict[str, Seen] = defaultdict(Seen)

    def note(self, told: Mapping[str, Any]) -> None:
        """Count one row."""
        self.outcomes[told["outcome"]] += 1
        if "record" not in told:
            return
        self.classes[tuple(str(told["record"].get(name, "")) for name in _RECORD)] += 1
        for field, labels in told["fields"].items():
            self.fields[tuple(str(labels.get(name, "")) for name in _LABELS)][field] += 1
        for reader, sight in (told["readers"] or {}).items():
            self.readers[reader].note(sight)
        if told["effect"] is not None:
            self.effects[told["effect"]["kind"]] += 1
            self.changed.update(told["effect"]["fields"])

    def told(self) -> dict[str, Any]:
        """The counts as JSON; what nobody could tell is empty."""
        return {
            "outcomes": self.outcomes,
            "records": [dict(zip(_RECORD, labels, strict=True)) | {"rows": rows} for labels, rows in self.classes.most_common()],
            "fields": [dict(zip(_LABELS, labels, strict=True)) | {"rows": rows} for labels, rows in self.fields.items()],
            "readers": {reader: seen.told() for reader, seen in self.readers.items()},
            "effect": {"kinds": self.effects, "fields": self.changed},
        }
