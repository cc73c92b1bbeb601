"""Attributes of a subject by what its sheet says, and how a step tells them (domain 4.1, 4.2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from databus.contract.attributes import OTHER, Elected, Word, elect_attribute
from databus.model.change import Assertion, AttributeState, Status
from databus.profile.charter import Charter
from databus.profile.sheet import Sheet


def elect(sheet: Sheet, charter: Charter, uscc: str, names: Collection[str]) -> dict[str, Elected]:
    """Those of the named attributes of which anything is said. `uscc` is the subject's unified code, empty without."""
    if not sheet.says_something:
        return {}
    authorities, told = _authorities(sheet, names), _told(sheet, names)
    found = {}
    for name in names:
        elected = elect_attribute(charter.attributes[name], told.get(name, {}).values(), authorities.get(name, ()), uscc)
        if elected is not None:
            found[name] = elected
    return found


def _authorities(sheet: Sheet, names: Collection[str]) -> Mapping[str, list[Word]]:
    # By attribute, the best first: the records come in their order, and a stable sort puts the nearer entry before.
    found: dict[str, list[tuple[int, Word]]] = {}
    for key, claim in sheet.live():
        for name, value, level in claim.values:
            if level != OTHER and name in names:
                found.setdefault(name, []).append((level, Word(value, claim.source, claim.record_type, key)))
    return {name: [word for _, word in sorted(words, key=_nearest)] for name, words in found.items()}


def _nearest(pair: tuple[int, Word]) -> int:
    return pair[0]


def _told(sheet: Sheet, names: Collection[str]) -> Mapping[str, Mapping[tuple[str, str], Word]]:
    """By attribute, source and value, the first record that says so."""
    first: dict[str, dict[tuple[str, str], Word]] = {}

    def tell(name: str, value: str, source: str, record_type: str, key: str) -> None:
        words = first.setdefault(name, {})
        known = words.get((source, value))
        if known is None or key < known.record_key:
            words[source, value] = Word(value, source, record_type, key)

    for group in sheet.groups.values():
        for name in names:
            if (value := group.values.get(name)) is not None:
                tell(name, value, group.source, group.record_type, group.first[0])
    for key, claim in sheet.live():
        for name, value, level in claim.values:
            if level == OTHER and name in names:
                tell(name, value, claim.source, claim.record_type, key)
    return first


def stated(name: str, elected: Elected | None, charter: Charter) -> AttributeState:
    """An attribute as a step tells it: places, never values. None stands for an attribute nobody speaks of any more."""
    if elected is None:
        return AttributeState(name, Status.SILENT, None, ())
    return AttributeState(
        name,
        elected.status,
        None if elected.chosen is None else _assertion(name, elected.chosen, charter),
        tuple(_assertion(name, word, charter) for word in elected.others),
    )


def _assertion(name: str, word: Word, charter: Charter) -> Assertion:
    return Assertion(word.source, word.record_type, word.record_key, charter.field(word.record_type, name))
