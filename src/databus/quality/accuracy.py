"""Are values what they claim to be? (DQ-ACC-01 to -07, domain 1, 5.1)"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from string import ascii_uppercase
from typing import Any

from databus.contract import identifiers
from databus.contract.catalogue import Contract, RecordType
from databus.contract.checkdigits import USCC_ALPHABET
from databus.contract.entries import Check
from databus.quality.completeness import blank_of
from databus.quality.content import NOTHING, Ask, Content, Failure, Question, condition, reading

USCC_LENGTH = 18

_DIGITS = frozenset("0123456789")
_ALPHABETS = {
    "uscc": frozenset(USCC_ALPHABET),
    "org_code": _DIGITS | frozenset(ascii_uppercase),
    "reg_no": _DIGITS,
    "tax_no": _DIGITS | frozenset(ascii_uppercase),
}
_NO_CHECK: frozenset[str] = frozenset()


def uscc(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-ACC-01: form and check character of a USCC (GB 32100-2015)."""
    return Question(_identified("uscc", check, contract), check.field)


def organisation_code(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-ACC-02: check character of an organisation code (GB 11714), alone or inside a USCC; or `form` says what it is."""
    if "form" in check.params:
        return Question(_identified(check.params["form"], check, contract), check.field)
    inside, alone = _identified("embedded_org_code", check, contract), _identified("org_code", check, contract)
    return Question(lambda content, value: (inside if len(value) == USCC_LENGTH else alone)(content, value), check.field)


def characters(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-ACC-03: characters a code of that `form` cannot have; what was likely meant is suggested, never put in."""
    form = check.params["form"]
    allowed, identified = _ALPHABETS.get(form, _NO_CHECK), _identified(form, check, contract)
    return Question(lambda content, value: NOTHING if allowed.issuperset(value) else identified(content, value), check.field)


def citizen_id(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-ACC-04: check character and birth date of a citizen id (GB 11643-1999), born by the day of the submission."""
    applies, blank = condition(check), blank_of(contract)

    def ask(content: Content, value: str) -> Iterable[Failure]:
        problem = identifiers.check_citizen_id(value, content.received) if applies(content.facts) else None
        if problem is None or blank(value):
            return NOTHING
        return (Failure(problem.rule, check.field, value, expected=problem.expected),)

    return Question(ask, check.field)


def registration_number(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-ACC-05: 15 digits with the check digit of GS15-2006, or 13 of the older form."""
    return Question(_identified("reg_no", check, contract), check.field)


def _identified(form: str, check: Check, contract: Contract) -> Ask:
    examine, applies, blank, copy = identifiers.CHECKS[form], condition(check), blank_of(contract), check.params.get("copy_of", "")

    def ask(content: Content, value: str) -> Iterable[Failure]:
        if content.payload.get(copy) == value:
            return NOTHING
        problem = examine(value)
        if problem is None or problem.rule != check.rule or not applies(content.facts) or blank(value):
            return NOTHING
        return (Failure(check.rule, check.field, value, expected=problem.expected, suggestion=problem.suggestion),)

    return ask


def listed(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-ACC-06: every value is in the code `list` on the day the fact is judged by."""
    name, blank = check.params["list"], blank_of(contract)
    known = contract.codes.listed(name)

    def ask(content: Content, value: Any) -> Iterable[Failure]:
        for word in value if isinstance(value, list) else (value,):
            if not known(word, content.day) and not blank(word):
                return (Failure(check.rule, check.field, word, expected=name, suggestion=contract.codes.suggest(name, word[:64]) or ""),)
        return NOTHING

    return Question(ask, check.field)


def division(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-ACC-07: the division (the first `prefix` characters) existed on the day in the field `on`."""
    name, on, blank = check.params["list"], reading(check.params.get("on", "")), blank_of(contract)

    def ask(content: Content, value: str) -> Iterable[Failure]:
        told = on(content)
        day = told if isinstance(told, date) else content.day
        code = value[: check.params.get("prefix", len(value))]
        if contract.codes.known(name, code, day) or blank(value):
            return NOTHING
        expected = f"a division of {day.isoformat()}"
        return (Failure(check.rule, check.field, value, expected=expected, suggestion=_successor(name, code, contract)),)

    return Question(ask, check.field)


def _successor(name: str, code: str, contract: Contract) -> str:
    rows = [row for row in contract.codes.rows(name) if row.code == code]
    successors = rows[-1].more.get("successor") if rows else None
    return str(successors[0] if isinstance(successors, list) and successors else successors or "")
