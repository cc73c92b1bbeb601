"""Values of records as people read them, in Chinese or English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from databus.contract.catalogue import Contract
from databus.contract.fields import STEP, Field, leaves_of
from databus.gateway.lens import Shown
from databus.model.disclosure import Action

HIDDEN = "*"
"""What a mask leaves in place of what it hid; a text that held nothing personal is whole and says nothing."""
LONG, SHORT = 36, 20
"""Characters from which on a value takes a line of its own, and up to which it stays on one."""


@dataclass(frozen=True)
class Value:
    """One field on a page. `text` is None where the source states nothing; `reason` says why it is masked or withheld."""

    name: str
    label: str
    text: str | None
    number: bool = False
    withheld: bool = False
    reason: str = ""

    @property
    def short(self) -> bool:
        """True if it should not be broken."""
        return self.text is not None and len(self.text) <= SHORT and any(character.isdigit() for character in self.text)

    @property
    def long(self) -> bool:
        """True if it needs a line of its own."""
        return self.text is not None and (len(self.text) > LONG or "\n" in self.text)


@dataclass(frozen=True)
class Words:
    """The reader's language and what is needed to speak it."""

    language: str
    texts: Mapping[str, str]
    contract: Contract
    open_from: str

    def __call__(self, key: str) -> str:
        """A text; the last part of its key where there is none."""
        return self.texts.get(key, key.rpartition(".")[2])

    def of(self, named: object) -> str:
        """The name of a type, field, code or department."""
        return str(getattr(named, self.language))

    def both(self, names: Mapping[str, str]) -> str:
        """One of two names."""
        return names[self.language]

    def joined(self, texts: Iterable[str]) -> str:
        """Several texts as one."""
        return ("、" if self.language == "zh" else ", ").join(texts)

    def reason(self, code: str) -> str:
        """A reason of policy, in a sentence."""
        return self.contract.codes.label("reason_code", code, self.language)

    def department(self, slug: str) -> str:
        """The name of a department."""
        found = self.contract.departments.get(slug)
        return self.of(found) if found else slug


def values_of(one: Shown, words: Words) -> list[Value]:
    """Every field of a record that was kept, masked or withheld, in the contract's order."""
    fields = words.contract.types[one.row.record_type].fields
    told = {*one.disclosed.fields, *(path.partition(STEP)[0] for path in one.disclosed.withheld)}
    return [value_of(one, field, words) for name, field in fields.items() if name in told]


def value_of(one: Shown, field: Field, words: Words) -> Value:
    """One field."""
    label = words.of(field)
    withheld = {path.partition(STEP)[2]: reason for path, reason in one.disclosed.withheld.items() if path.partition(STEP)[0] == field.name}
    if field.name not in one.disclosed.fields:
        reason = next(iter(withheld.values()), "")
        return Value(field.name, label, None, withheld=bool(reason), reason=words.reason(reason) if reason else "")
    verdict = one.plan.classes.get(one.row.class_id)
    rules = (verdict.fields.get(path) for path in leaves_of({field.name: field})) if verdict else ()
    masked = any(rule is not None and rule.action is Action.MASK for rule in rules)
    text = text_of(one.disclosed.fields[field.name], field, words)
    if text and withheld:
        kept_back = [words.of(field.parts[part]) for part in withheld]
        text = f"{text}\n{words('field.parts')} {words.joined(kept_back)}"
    return Value(
        field.name,
        label,
        text,
        field.kind in ("decimal", "int"),
        reason=words("field.masked") if masked and text and HIDDEN in text else "",
    )


def text_of(value: object, field: Field, words: Words) -> str | None:
    """A value in words: codes by name, amounts with separators, days as they are."""
    if value is None or value == "":
        return None
    if field.parts:
        lines = (_record(each, field, words) for each in (value if isinstance(value, list) else [value]))
        return "\n".join(line for line in lines if line) or None
    if isinstance(value, Mapping):
        return words.joined(name for name, chosen in sorted(value.items()) if chosen) or None
    if isinstance(value, list | tuple):
        return words.joined(_coded(str(item), field, words) for item in value) or None
    if isinstance(value, bool):
        return words("value.yes" if value else "value.no")
    if field.kind == "decimal":
        return _amount(str(value))
    if field.kind == "date" and str(value) >= words.open_from:
        return words("business.open")
    return _coded(str(value), field, words)


def _record(record: object, field: Field, words: Words) -> str:
    """One record on a line: what each part says, led by its name."""
    held = record if isinstance(record, Mapping) else {}
    texts = ((words.of(part), text_of(held.get(name), part, words)) for name, part in field.parts.items())
    return " · ".join(f"{label} {text}" for label, text in texts if text)


def _coded(value: str, field: Field, words: Words) -> str:
    return words.contract.codes.label(field.code, value, words.language) if field.code else value


def _amount(text: str) -> str:
    try:
        number = Decimal(text).normalize()
    except InvalidOperation:
        return text
    return f"{number:,f}"
