"""Do values of one fact go together? (DQ-ACC-08 to -10, domain 5.1)"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from databus.contract.catalogue import Contract
from databus.contract.entries import Check
from databus.quality.completeness import blank
from databus.quality.content import Content, Failure, applies

_DOCUMENT = re.compile(r"〔((?:19|20)\d{2})〕[^〔〕]{0,20}?\d+(?:-\d+)?号$")


def document_number(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-ACC-08: `…〔YYYY〕n号`, the year within one of that of the field `on`."""
    value = content.text(check.field)
    if not value or not applies(content, check) or blank(value, contract):
        return
    found = _DOCUMENT.search(value)
    decided = content.value(check.params["on"])
    if found is None:
        yield Failure(check.rule, check.field, value, expected="…〔YYYY〕n号")
    elif isinstance(decided, date) and not blank(decided, contract) and abs(int(found[1]) - decided.year) > 1:
        yield Failure(check.rule, check.field, value, expected=f"〔{decided.year}〕 ± 1")


def amount(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-ACC-09: not below `min`, there when `required_when` holds, and not so large that the unit must be wrong (`hold_above`)."""
    value = content.value(check.field)
    condition = check.params.get("required_when")
    if value is None:
        if condition is not None and content.carries_content and condition(content.facts):
            yield Failure(check.rule, check.field, "", expected="an amount")
        return
    low, high = check.params.get("min"), check.params.get("hold_above")
    if low is not None and value < Decimal(str(low)):
        yield Failure(check.rule, check.field, value, expected=f"≥ {low}")
    elif high is not None and value > Decimal(str(high)):
        yield Failure(check.rule, check.field, value, expected=f"≤ {high}")


def date_order(content: Content, check: Check, contract: Contract) -> Iterator[Failure]:
    """DQ-ACC-10: not after the day of the submission (`not_future`), not after another field (`not_after`)."""
    value = content.value(check.field)
    # 1900-01-01 stands for nothing (DQ-COM-01): it is neither early nor late.
    if not isinstance(value, date) or blank(value, contract) or not applies(content, check):
        return
    if check.params.get("not_future") and value > content.received:
        yield Failure(check.rule, check.field, value, expected=f"≤ {content.received.isoformat()}")
    other = content.value(check.params.get("not_after", ""))
    if isinstance(other, date) and value > other and not blank(other, contract):
        yield Failure(check.rule, check.field, value, expected=f"≤ {other.isoformat()} ({check.params['not_after']})")
