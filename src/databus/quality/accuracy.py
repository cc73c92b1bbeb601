"""Are values what they claim to be? (DQ-ACC-01 to -07, domain 1, 5.1)"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from string import ascii_uppercase

from databus.contract import identifiers
from databus.contract.catalogue import Contract
from databus.contract.checkdigits import USCC_ALPHABET
from databus.contract.entries import Check
from databus.quality.completeness import blank
from databus.quality.content import Content, Failure, applies

USCC_LENGTH = 18

_DIGITS = frozenset("0123456789")
_ALPHABETS = {
    "uscc": frozenset(USCC_ALPHABET),
    "org_code": _DIGITS | frozenset(ascii_uppercase),
    "reg_no": _DIGITS,
    "tax_no": _DIGITS | frozenset(ascii_uppercase),
}
_NO_CHECK: frozenset[str] = frozenset()


def uscc(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-ACC-01: form and check character of a USCC (GB 32100-2015)."""
    yield from _identified("uscc", content, check, contract)


def organisation_code(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-ACC-02: check character of an organisation code (GB 11714), alone or inside a USCC; or `form` says what it is."""
    own = "embedded_org_code" if len(content.text(check.field)) == USCC_LENGTH else "org_code"
    yield from _identified(check.params.get("form", own), content, check, contract)


def characters(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-ACC-03: characters a code of that `form` cannot have; what was likely meant is suggested, never put in."""
    form = check.params["form"]
    if not _ALPHABETS.get(form, _NO_CHECK).issuperset(content.text(check.field)):
        yield from _identified(form, content, check, contract)


def citizen_id(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-ACC-04: check character and birth date of a citizen id (GB 11643-1999), born by the day of the submission."""
    value = content.text(check.field)
    problem = identifiers.check_citizen_id(value, content.received) if value and applies(content, check) else None
    if problem is not None and not blank(value, contract):
        yield Failure(problem.rule, check.field, value, expected=problem.expected)


def registration_number(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-ACC-05: 15 digits with the check digit of GS15-2006, or 13 of the older form."""
    yield from _identified("reg_no", content, check, contract)


def _identified(form: str, content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    value = content.text(check.field)
    if not value or content.payload.get(check.params.get("copy_of", "")) == value or not applies(content, check):
        return
    problem = identifiers.CHECKS[form](value)
    if problem is not None and problem.rule == check.rule and not blank(value, contract):
        yield Failure(check.rule, check.field, value, expected=problem.expected, suggestion=problem.suggestion)


def listed(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-ACC-06: every value is in the code `list` on the day the fact is judged by."""
    value = content.value(check.field)
    name = check.params["list"]
    for word in value if isinstance(value, list) else [value] if value else []:
        if not contract.codes.known(name, word, content.day) and not blank(word, contract):
            yield Failure(check.rule, check.field, word, expected=name, suggestion=contract.codes.suggest(name, word[:64]) or "")
            return


def division(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-ACC-07: the division (the first `prefix` characters) existed on the day in the field `on`."""
    value = content.text(check.field)
    told = content.value(check.params.get("on", ""))
    day = told if isinstance(told, date) else content.day
    code = value[: check.params.get("prefix", len(value))]
    if value and not contract.codes.known(check.params["list"], code, day) and not blank(value, contract):
        expected = f"a division of {day.isoformat()}"
        yield Failure(check.rule, check.field, value, expected=expected, suggestion=_successor(check.params["list"], code, contract))


def _successor(name: str, code: str, contract: Contract) -> str:
    rows = [row for row in contract.codes.rows(name) if row.code == code]
    successors = rows[-1].more.get("successor") if rows else None
    return str(successors[0] if isinstance(successors, list) and successors else successors or "")
