"""The desk's words in the reader's language: rules, fields, types, departments, instants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from databus.contract.calendar import SHANGHAI
from databus.contract.catalogue import Contract
from databus.contract.fields import Field
from databus.quality.content import ENVELOPE
from databus.quality.findings import RULES, better, remedy_in


@dataclass(frozen=True, slots=True)
class Speech:
    """`texts` are those of the pages in `language`."""

    language: str
    texts: Mapping[str, str]
    contract: Contract

    def __call__(self, key: str) -> str:
        """A text of the pages."""
        return self.texts[key]

    def rule(self, rule: str) -> str:
        """What a rule says is wrong."""
        return self.contract.codes.label(RULES, rule, self.language)

    def cited(self, rule: str) -> str:
        """The standard or law behind a rule; empty where it has none."""
        row = next((row for row in self.contract.codes.rows(RULES) if row.code == rule), None)
        return str(row.more.get("citation", "")) if row is not None else ""

    def remedy(self, rule: str) -> str:
        """What to do about a rule in general."""
        return remedy_in(self.language, rule, self.contract)

    def better(self, rule: str, suggestion: str) -> str:
        """A suggestion in the reader's language, where it is the general one of its rule."""
        return better(rule, suggestion, self.language, self.contract)

    def field(self, record_type: str, field: str) -> str:
        """The name of a field; that of the envelope's as it is written."""
        known = self.contract.types.get(record_type)
        found = known.fields.get(field) if known is not None else None
        return self.of(found) if found is not None else field.removeprefix(ENVELOPE)

    def value(self, field: Field, value: object) -> str:
        """A value of a payload: codes by name, lists of them too, everything else as it is written."""
        if field.code is None or not isinstance(value, str | list | tuple):
            return written(value)
        told = [value] if isinstance(value, str) else value
        comma = self("desk.comma")
        return comma.join(self.contract.codes.label(field.code, str(one), self.language) for one in told)

    def record_type(self, name: str) -> str:
        """The name of a record type."""
        found = self.contract.types.get(name)
        return self.of(found) if found is not None else name

    def department(self, slug: str) -> str:
        """The name of a department."""
        found = self.contract.departments.get(slug)
        return self.of(found) if found is not None else slug

    def entry(self, code: str) -> str:
        """The name of a catalogue entry."""
        found = self.contract.entries.get(code)
        return self.of(found) if found is not None else code

    def of(self, named: object) -> str:
        """The one of its two names that the reader reads."""
        return str(getattr(named, self.language))

    def message(self, zh: str, en: str) -> str:
        """One of two texts."""
        return zh if self.language == "zh" else en


def written(value: object) -> str:
    """A value of a payload as its form has it, and as the contract's own columns write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ";".join(map(str, value))
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def instant(milliseconds: int) -> str:
    """An instant in the time of the business, to the minute."""
    return datetime.fromtimestamp(milliseconds / 1000, SHANGHAI).strftime("%Y-%m-%d %H:%M")


def day(milliseconds: int) -> str:
    """Its day."""
    return instant(milliseconds)[:10]
