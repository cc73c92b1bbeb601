"""Do the values of a column fit a field, and with which options of the mapping language?"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from databus.contract.catalogue import RecordType
from databus.contract.codes import Codes
from databus.contract.fields import Field
from databus.contract.identifiers import CHECKS
from databus.department.cells import Read, reader
from databus.department.convert import DAYS, POWERS, Unreadable
from databus.department.suggest.headers import unit_of
from databus.department.suggest.sampled import Column

DATE_FORMATS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y.%m.%d", "%d-%m-%Y", "%m-%d-%Y", "%d %m %Y")
NEARLY_ALL = 0.95
_FORMS = {"DQ-ACC-01": "uscc", "DQ-ACC-04": "citizen_id", "DQ-ACC-05": "reg_no"}
"""Rules that ask for an identifier of one form."""

Options = Mapping[str, Any]
"""Options of the mapping language."""

_SHOWN = 5
_MARKS = frozenset("万亿千百十元")


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a column fits: the share of its cells that do, examples of those that do not, the options it needs.

    `open` is what the cells do not tell, `ways` the options that may be meant. `telling` is true where few other columns would
    fit as well: days, sums, codes, identifiers, not any text.
    """

    share: float
    wrong: tuple[str, ...] = ()
    options: Options = field(default_factory=dict)
    telling: bool = True
    open: str = ""
    ways: tuple[Options, ...] = ()


def fit(column: Column, chosen: Field, record_type: RecordType, codes: Codes, options: Options) -> Fit:
    """How a column fits a field, read with the options that its name brings."""
    if not column.values:
        return Fit(1.0, options=options, telling=False)
    if chosen.kind == "date":
        return _days(column, chosen, codes)
    if chosen.kind == "decimal" and "amount" not in options:
        return _amounts(column, chosen, codes)
    form = form_of(chosen.name, record_type)
    passes = _passes(chosen, reader(f"payload.{chosen.name}", chosen, {"from": column.name, **options}, codes), codes, form)
    telling = chosen.kind != "string" or chosen.code is not None or form is not None
    return _share(column, passes, options=options, telling=telling)


def form_of(name: str, record_type: RecordType) -> str | None:
    """The form of identifier that the type's checks ask of a field."""
    for check in record_type.checks:
        form = check.params.get("form") or _FORMS.get(check.rule)
        if check.field == name and form in CHECKS:
            return str(form)
    return None


def _passes(chosen: Field, read: Read, codes: Codes, form: str | None) -> Callable[[str], bool]:
    def passes(text: str) -> bool:
        try:
            value = read(text, codes)
        except Unreadable:
            return False
        if form is not None:
            return CHECKS[form](str(value)) is None
        if chosen.code is not None:
            return all(codes.known(chosen.code, str(one)) for one in (value if isinstance(value, list) else [value]))
        return not isinstance(value, str) or chosen.max_length is None or len(value) <= chosen.max_length

    return passes


def _share(column: Column, passes: Callable[[str], bool], *, options: Options, telling: bool = True) -> Fit:
    wrong = {text: count for text, count in column.values.items() if not passes(text)}
    share = 1 - sum(wrong.values()) / column.values.total()
    return Fit(share, tuple(sorted(wrong, key=lambda text: -wrong[text])[:_SHOWN]), options, telling)


def _days(column: Column, chosen: Field, codes: Codes) -> Fit:
    found = [(formats, _read_with(column, chosen, codes, formats=list(formats))) for formats in _ways(column, chosen, codes)]
    if not found:
        return _read_with(column, chosen, codes)
    best = found[0][1]
    if len(found) > 1:
        told = " or ".join(formats[0] for formats, _ in found)
        ways = tuple(how.options for _, how in found)
        return Fit(best.share, best.wrong, open=f"are its days written {told}? Its values fit both", ways=ways)
    return best if found[0][0] != DAYS else Fit(best.share, best.wrong, {})


def _ways(column: Column, chosen: Field, codes: Codes) -> Iterator[tuple[str, ...]]:
    if _read_with(column, chosen, codes).share >= NEARLY_ALL:
        yield DAYS
        return
    yield from ((form,) for form in DATE_FORMATS if _read_with(column, chosen, codes, formats=[form]).share >= NEARLY_ALL)


def _read_with(column: Column, chosen: Field, codes: Codes, **options: Any) -> Fit:
    read = reader(f"payload.{chosen.name}", chosen, {"from": column.name, **options}, codes)
    return _share(column, _passes(chosen, read, codes, None), options=options)


def _amounts(column: Column, chosen: Field, codes: Codes) -> Fit:
    own, told = unit_of(chosen.zh), unit_of(column.name)
    plain = _read_with(column, chosen, codes)
    if plain.share >= NEARLY_ALL:
        if told == own or own is None or column.name == chosen.name:
            return plain if told is None or own is not None else Fit(plain.share, plain.wrong, open="what is the unit of the field?")
        if told is not None:
            return _read_with(column, chosen, codes, amount={"power": own, "unnamed": told})
        return Fit(plain.share, plain.wrong, open="which is the unit of its sums? Neither its name nor its cells tell", ways=_units(own))
    if own is None:
        return plain
    bare = told is None and any(_MARKS.isdisjoint(unicodedata.normalize("NFKC", text)) for text in column.values)
    amount = {"power": own} if told is None else {"power": own, "unnamed": told}
    found = _read_with(column, chosen, codes, amount=amount)
    if bare and found.share > 0:
        return Fit(found.share, found.wrong, open="which is the unit of its cells that name none?", ways=_units(own))
    return found


def _units(own: int) -> tuple[Options, ...]:
    """元 or 万元: the two that departments write sums in."""
    return tuple({} if power == own else {"amount": {"power": own, "unnamed": power}} for power in (POWERS[""], POWERS["万"]))


def names_currency(column: Column, chosen: Field, codes: Codes) -> bool:
    """True if sums of a column name currencies that the field's list has, and nothing else."""
    read = reader(f"payload.{chosen.name}", chosen, {"from": column.name, "currency": {"currencies": chosen.code}}, codes)
    found = set()
    for text in column.values:
        try:
            found.add(read(text, codes))
        except Unreadable:
            return False
    return bool(found - {None})
