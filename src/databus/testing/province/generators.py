"""The generators that hints of type.yaml name: one small function each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

from databus.contract.checkdigits import citizen_check_char
from databus.contract.fields import STEP
from databus.testing.province.making import Generator, Making
from databus.testing.province.subjects import FIRST, code_of, letters
from databus.testing.province.words import FAMILY, GIVEN

_PHONES = 10_000_000_000, 10_099_999_999
"""No mobile number begins with 100."""


def _amount(name: str, hint: Mapping[str, Any], making: Making) -> Decimal:
    low, high, step = (Decimal(str(hint[word])) for word in ("low", "high", "round"))
    # Sums are spread over orders of magnitude: most are small, a few are not.
    spread = float(high / low) ** (making.random.random() ** 2)
    steps = max(1, int(low * Decimal(str(spread)) / step))
    return (step * steps).quantize(Decimal(1).scaleb(-making.field(name).scale))


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
    words = {key: _words(key, value, making) for key, value in making.made.items()}
    month = f"{making.decided.year}年{making.decided.month}月"
    return str(hint["text"]).format(month=month, serial=making.serial, division=making.subject.division_name, **words)


def _words(key: str, value: Any, making: Making) -> Any:
    if isinstance(value, list):
        return "、".join(_label(key, one, making) for one in value if isinstance(one, str))
    return _label(key, value, making) if isinstance(value, str) else value


def _label(field: str, code: str, making: Making) -> str:
    listed = making.field(field).code
    return str(making.contract.codes.label(listed, code, "zh")) if listed else code


def _doc_no(name: str, hint: Mapping[str, Any], making: Making) -> str:
    return f"{hint['prefixes'][making.department.slug]}〔{making.decided.year}〕{making.serial}号"


def _citizen_id(name: str, hint: Mapping[str, Any], making: Making) -> str:
    body = f"220000190001{making.random.randint(1, 28):02d}{making.random.randint(1, 999):03d}"
    return body + citizen_check_char(body)


def _serial(name: str, hint: Mapping[str, Any], making: Making) -> str:
    digits = hint.get("digits", 6)
    # Of the records inside one record each has a number of its own.
    number = making.random.randrange(10**digits) if STEP in name else making.serial
    return f"{hint.get('prefix', '')}{number:0{digits}d}"


def _by_field(name: str, hint: Mapping[str, Any], making: Making) -> Any:
    return hint["from"].get(making.made.get(hint["field"]))


def _subject(name: str, hint: Mapping[str, Any], making: Making) -> Any:
    if hint["part"] != "counterparty_kind":
        return making.subject.part(hint["part"])
    rows = making.contract.codes.rows(making.field(name).code or "")
    kinds = {row.more.get("kind"): row.code for row in reversed(rows)}
    return kinds.get(making.subject.kind) or kinds["ORGANISATION"]


def _labelled(name: str, hint: Mapping[str, Any], making: Making) -> str:
    return str(making.contract.codes.label(hint["list"], making.made[hint["field"]]))


def _department(name: str, hint: Mapping[str, Any], making: Making) -> str:
    return making.department.uscc if hint["part"] == "uscc" else making.department.zh


def _number(name: str, hint: Mapping[str, Any], making: Making) -> int:
    return making.random.randint(hint["low"], hint["high"])


def _year(name: str, hint: Mapping[str, Any], making: Making) -> int:
    return making.decided.year - int(hint.get("back", 0))


def _month(name: str, hint: Mapping[str, Any], making: Making) -> str:
    months = making.decided.year * 12 + making.decided.month - 1 - int(hint.get("back", 0))
    return f"{months // 12}{months % 12 + 1:02d}"


def _person(name: str, hint: Mapping[str, Any], making: Making) -> str:
    return making.random.choice(FAMILY) + making.random.choice(GIVEN)


def _phone(name: str, hint: Mapping[str, Any], making: Making) -> str:
    return str(making.random.randint(*_PHONES))


def _partner(name: str, hint: Mapping[str, Any], making: Making) -> str:
    """The code of another organisation, of which nothing else is told: its body is below those of the subjects."""
    return code_of(f"91{making.subject.division or '220000'}", f"YYYY{letters(making.random.randrange(FIRST // 2, FIRST))}")


def _digest(name: str, hint: Mapping[str, Any], making: Making) -> str:
    return hashlib.sha256(f"{making.record_type.name} {making.serial}".encode()).hexdigest()


def _record(name: str, hint: Mapping[str, Any], making: Making) -> dict[str, Any]:
    parts: dict[str, Any] = dict.fromkeys(making.field(name).parts)
    for part, inner in hint["of"].items():
        if making.random.random() < inner.get("share", 1):
            parts[part] = GENERATORS[inner["gen"]](f"{name}.{part}", inner, making)
    return parts


def _records(name: str, hint: Mapping[str, Any], making: Making) -> list[dict[str, Any]]:
    low, high = hint["count"]
    return [_record(name, hint, making) for _ in range(making.random.randint(low, high))]


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
    "by_field": _by_field,
    "number": _number,
    "year": _year,
    "month": _month,
    "person": _person,
    "phone": _phone,
    "partner": _partner,
    "digest": _digest,
    "record": _record,
    "records": _records,
}
"""By the name a hint calls them."""
