"""The hints of type.yaml as values: one small function per generator name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, cast

from databus.contract.catalogue import Contract, Department, RecordType
from databus.contract.checkdigits import citizen_check_char
from databus.contract.predicates import Predicate, predicate
from databus.testing.province.subjects import Subject


@dataclass(frozen=True, slots=True)
class Making:
    """What a generator may look at; `made` holds the fields before it, `decided` is the day of the decision, `until` the
    last day of which the sample tells."""

    record_type: RecordType
    subject: Subject
    department: Department
    decided: date
    until: date
    serial: int
    random: Random
    contract: Contract
    made: dict[str, Any]


Generator = Callable[[str, Mapping[str, Any], Making], Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one field is filled, made ready once: `share` of the records that carry it, the field it goes with, a condition."""

    name: str
    hint: Mapping[str, Any]
    make: Generator
    share: float
    beside: str
    when: Predicate | None


def recipes(record_type: RecordType) -> tuple[Recipe, ...]:
    """The recipes of a type in the order of its hints, but a field behind the one it goes with."""
    left, ready = dict(record_type.hints), list[str]()
    while left:
        name = next((name for name, hint in left.items() if hint.get("with") not in left), next(iter(left)))
        ready.append(name)
        del left[name]
    return tuple(_recipe(name, record_type.hints[name], record_type) for name in ready)


def _recipe(name: str, hint: Mapping[str, Any], record_type: RecordType) -> Recipe:
    return Recipe(
        name=name,
        hint=hint,
        make=GENERATORS[hint["gen"]],
        share=float(hint.get("share", 1)),
        beside=str(hint.get("with", "")),
        when=predicate(hint["when"], f"{record_type.name}/type.yaml hints") if "when" in hint else None,
    )


def payload(written: Iterable[Recipe], making: Making) -> dict[str, Any]:
    """A payload for one record; a field without a value is left out."""
    made, chance = making.made, making.random.random
    content = {"payload": made, "envelope": {"subject": making.subject.reference}}
    for recipe in written:
        named = making.subject.known_by and recipe.hint.get("part") == making.subject.known_by
        if recipe.share < 1 and chance() >= recipe.share and not named:
            continue
        if (recipe.beside and recipe.beside not in made) or (recipe.when is not None and not recipe.when(content)):
            continue
        value = recipe.make(recipe.name, recipe.hint, making)
        if value is not None and value != "":
            made[recipe.name] = value
    return made


def _amount(name: str, hint: Mapping[str, Any], making: Making) -> Decimal:
    low, high, step = (Decimal(str(hint[word])) for word in ("low", "high", "round"))
    # Sums are spread over orders of magnitude: most are small, a few are not.
    spread = float(high / low) ** (making.random.random() ** 2)
    steps = max(1, int(low * Decimal(str(spread)) / step))
    return (step * steps).quantize(Decimal(1).scaleb(-making.record_type.fields[name].scale))


def _code(name: str, hint: Mapping[str, Any], making: Making) -> str:
    weights = hint.get("weights") or {row.code: 1 for row in making.contract.codes.rows(hint["list"])}
    return str(making.random.choices(list(weights), list(weights.values()))[0])


def _choice(name: str, hint: Mapping[str, Any], making: Making) -> Any:
    return making.random.choices(hint["from"], hint.get("weights"))[0]


def _phrases(name: str, hint: Mapping[str, Any], making: Making) -> str:
    low, high = hint["count"]
    return str(hint["joint"]).join(making.random.sample(hint["from"], making.random.randint(low, high))) + str(hint.get("end", ""))


def _after(name: str, hint: Mapping[str, Any], making: Making) -> date | None:
    first = making.made.get(hint["field"])
    low, high = hint["years"]
    if first is None:
        return None
    if "open" in hint and making.random.random() < hint["open_share"]:
        return cast(date, hint["open"])
    day: date = first + timedelta(days=int(365.25 * making.random.uniform(low, high)))
    return min(day, making.until) if hint.get("not_future") else day


def _template(name: str, hint: Mapping[str, Any], making: Making) -> str:
    words = {
        key: "、".join(_label(key, one, making) for one in value) if isinstance(value, list) else value
        for key, value in making.made.items()
    }
    month = f"{making.decided.year}年{making.decided.month}月"
    return str(hint["text"]).format(month=month, division=making.subject.division_name, **words)


def _label(field: str, code: str, making: Making) -> str:
    listed = making.record_type.fields[field].code
    return str(making.contract.codes.label(listed, code, "zh")) if listed else code


def _doc_no(name: str, hint: Mapping[str, Any], making: Making) -> str:
    return f"{hint['prefixes'][making.department.slug]}〔{making.decided.year}〕{making.serial}号"


def _citizen_id(name: str, hint: Mapping[str, Any], making: Making) -> str:
    body = f"220000190001{making.random.randint(1, 28):02d}{making.random.randint(1, 999):03d}"
    return body + citizen_check_char(body)


def _serial(name: str, hint: Mapping[str, Any], making: Making) -> str:
    return f"{hint.get('prefix', '')}{making.serial:0{hint.get('digits', 6)}d}"


def _subject(name: str, hint: Mapping[str, Any], making: Making) -> Any:
    if hint["part"] != "counterparty_kind":
        return making.subject.part(hint["part"])
    rows = making.contract.codes.rows(making.record_type.fields[name].code or "")
    return next(row.code for row in rows if row.more.get("kind") == making.subject.kind)


def _labelled(name: str, hint: Mapping[str, Any], making: Making) -> str:
    return str(making.contract.codes.label(hint["list"], making.made[hint["field"]]))


def _department(name: str, hint: Mapping[str, Any], making: Making) -> str:
    return making.department.uscc if hint["part"] == "uscc" else making.department.zh


GENERATORS: Mapping[str, Generator] = {
    "subject": _subject,
    "label": _labelled,
    "constant": lambda name, hint, making: hint["value"],
    "copy": lambda name, hint, making: making.made.get(hint["field"]),
    "decided": lambda name, hint, making: making.decided,
    "by_department": lambda name, hint, making: making.random.choice(hint["from"][making.department.slug]),
    "department": _department,
    "amount": _amount,
    "code": _code,
    "choice": _choice,
    "phrases": _phrases,
    "after": _after,
    "template": _template,
    "doc_no": _doc_no,
    "citizen_id": _citizen_id,
    "serial": _serial,
}


def revise(record_type: RecordType, content: Mapping[str, Any], random: Random) -> dict[str, Any]:
    """The content with one sum or date-free text changed: never a field of the key, nor one that a check reads a code from."""
    words = {name for name, hint in record_type.hints.items() if hint["gen"] in ("template", "phrases", "label", "by_department")}
    coded = {
        name for name, field in record_type.fields.items() if field.code or name in record_type.key or (field.max_length or 4000) < 200
    }
    open_fields = [name for name, value in content.items() if isinstance(value, Decimal) or name in words - coded]
    name = random.choice(open_fields)
    value = content[name]
    return {**content, name: value + Decimal(100) if isinstance(value, Decimal) else f"{value}（更正{random.randint(1, 9999)}）"}
