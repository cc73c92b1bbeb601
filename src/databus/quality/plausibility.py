"""Do values of one fact go together? (DQ-ACC-08 to -10, domain 5.1)"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from databus.contract.catalogue import Contract, RecordType
from databus.contract.entries import Check
from databus.quality.completeness import blank_of
from databus.quality.content import NOTHING, Ask, Content, Failure, Question, condition, reading

_DOCUMENT = re.compile(r"〔((?:19|20)\d{2})〕[^〔〕]{0,20}?\d+(?:-\d+)?号$")


def document_number(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-ACC-08: `…〔YYYY〕n号`, the year within one of that of the field `on`."""
    on, applies, blank = reading(check.params["on"]), condition(check), blank_of(contract)

    def ask(content: Content, value: str) -> Iterable[Failure]:
        if not applies(content.facts) or blank(value):
            return NOTHING
        found, decided = _DOCUMENT.search(value), on(content)
        if found is None:
            return (Failure(check.rule, check.field, value, expected="…〔YYYY〕n号"),)
        if isinstance(decided, date) and not blank(decided) and abs(int(found[1]) - decided.year) > 1:
            return (Failure(check.rule, check.field, value, expected=f"〔{decided.year}〕 ± 1"),)
        return NOTHING

    return Question(ask, check.field)


def amount(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-ACC-09: not below `min`, there when `required_when` holds, and not so large that the unit must be wrong (`hold_above`)."""
    low, high = (None if name not in check.params else Decimal(str(check.params[name])) for name in ("min", "hold_above"))

    def ask(content: Content, value: Decimal) -> Iterable[Failure]:
        if low is not None and value < low:
            return (Failure(check.rule, check.field, value, expected=f"≥ {check.params['min']}"),)
        if high is not None and value > high:
            return (Failure(check.rule, check.field, value, expected=f"≤ {check.params['hold_above']}"),)
        return NOTHING

    return Question(_required(check, ask)) if "required_when" in check.params else Question(ask, check.field)


def _required(check: Check, ask: Ask) -> Ask:
    read, required = reading(check.field), check.params["required_when"]

    def ask_first(content: Content, _: Any) -> Iterable[Failure]:
        value = read(content)
        if value is not None:
            return ask(content, value)
        if content.carries_content and required(content.facts):
            return (Failure(check.rule, check.field, "", expected="an amount"),)
        return NOTHING

    return ask_first


def date_order(check: Check, record_type: RecordType, contract: Contract) -> Question:
    """DQ-ACC-10: not after the day of the submission (`not_future`), not after another field (`not_after`)."""
    bound, past = reading(check.params.get("not_after", "")), bool(check.params.get("not_future"))
    applies, blank = condition(check), blank_of(contract)

    def ask(content: Content, value: Any) -> Iterable[Failure]:
        other = bound(content)
        early, late = past and value > content.received, isinstance(other, date) and value > other
        # 1900-01-01 stands for nothing (DQ-COM-01): it is neither early nor late.
        if not (early or late) or blank(value) or not applies(content.facts):
            return NOTHING
        found = [Failure(check.rule, check.field, value, expected=f"≤ {content.received.isoformat()}")] if early else []
        if late and not blank(other):
            expected = f"≤ {other.isoformat()} ({check.params['not_after']})"
            found.append(Failure(check.rule, check.field, value, expected=expected))
        return found

    return Question(ask, check.field)
