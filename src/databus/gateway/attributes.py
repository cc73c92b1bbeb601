"""Attributes of a subject as a caller may have them: each value is a field of a record that was disclosed, cut as it was there.

A record that must not be known to exist changes nothing: without it, the words that can be seen are weighed anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from databus.contract.catalogue import Contract
from databus.gateway.lens import Shown
from databus.gateway.outward import record_id
from databus.model.change import Assertion, AttributeState, Status
from databus.model.keys import USCI
from databus.store.rows import SubjectRow

Told = Mapping[tuple[str, str], tuple[str, Mapping[str, Any]]]
"""By type and key of a record: its name outside, and the fields that were disclosed."""


def attributes_body(
    states: Iterable[AttributeState], subject: SubjectRow, shown: Sequence[Shown], contract: Contract, *, platform_key: bytes
) -> dict[str, dict[str, Any]]:
    """By attribute: status, value and who says it, and `assertions`, the words of others. One nobody may see is left out."""
    told = {
        (one.row.record_type, one.row.record_key): (record_id(one.row.record_key, platform_key=platform_key), one.disclosed.fields)
        for one in shown
    }
    codes = dict(subject.codes)
    made = ((state.name, _body(state, told, _derived(state, codes, contract))) for state in states)
    return {name: body for name, body in made if body is not None}


def _body(state: AttributeState, told: Told, derived: str | None) -> dict[str, Any] | None:
    words = [*([state.chosen] if state.chosen else []), *state.others]
    seen = list(_seen(words, told))
    if derived is not None:
        return {"status": Status.DERIVED.value, "value": derived, "source": None, "assertions": [_word(*one) for one in seen]}
    status, first = state.status, state.chosen
    if len(seen) < len(words) and not (status is Status.AUTHORITY and seen and seen[0][0] is first):
        # Some of the words are hidden: what is left speaks as if they had never been said.
        status = Status.PROVISIONAL if len({repr(value) for _, _, value in seen}) == 1 else Status.CONTESTED
    if not seen:
        return None
    if status is Status.CONTESTED:
        return {"status": status.value, "value": None, "source": None, "assertions": [_word(*one) for one in seen]}
    chosen, rest = seen[0], seen[1:]
    return {"status": status.value, **_word(*chosen), "assertions": [_word(*one) for one in rest]}


def _seen(words: Iterable[Assertion], told: Told) -> Iterator[tuple[Assertion, str, Any]]:
    for word in words:
        record, fields = told.get((word.record_type, word.record_key), ("", {}))
        if fields.get(word.field) is not None:
            yield word, record, fields[word.field]


def _word(word: Assertion, record: str, value: Any) -> dict[str, Any]:
    department = word.source.partition("/")[0]
    return {"value": value, "source": {"department": department, "record": record, "field": word.field}}


def _derived(state: AttributeState, codes: Mapping[str, str], contract: Contract) -> str | None:
    spec = contract.attributes["attributes"].get(state.name, {}).get("derived")
    if state.status is not Status.DERIVED or not spec or USCI not in codes:
        return None
    return codes[USCI][slice(*spec["slice"])]
