"""Attributes of a subject: each takes its authority's value, and nobody else's word overwrites it (domain 4.1, 4.2).

Where the authority is silent and all others agree, their value stands provisionally; where they differ there is none. No
vote, no average, no latest-wins across departments.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from databus.model.change import Assertion, AttributeState, Status
from databus.profile.charter import Attribute, Charter
from databus.profile.claims import OTHER, digest
from databus.profile.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Word:
    """One value of an attribute and who says it: the first record of its source that does."""

    value: str
    source: str
    record_type: str
    record_key: str


@dataclass(frozen=True, slots=True)
class Elected:
    """An attribute: where its value comes from (None: it has none, or it is derived), and the words of others on it.

    Beside an authority's or the code's own word, only those that differ from it.
    """

    status: Status
    chosen: Word | None
    value: str
    others: tuple[Word, ...]


def elect(sheet: Sheet, charter: Charter, uscc: str, names: Collection[str]) -> dict[str, Elected]:
    """Those of the named attributes of which anything is said. `uscc` is the subject's unified code, empty without."""
    if not sheet.says_something:
        return {}
    authorities, told = _authorities(sheet, names), _told(sheet, names)
    found = {}
    for name in names:
        best, *others = authorities.get(name) or (None,)
        words = tuple(sorted({*told.get(name, {}).values(), *others}, key=_order))
        elected = _elected(charter.attributes[name], best, words, uscc)
        if elected is not None:
            found[name] = elected
    return found


def _elected(attribute: Attribute, best: Word | None, words: tuple[Word, ...], uscc: str) -> Elected | None:
    if best is not None:
        return Elected(Status.AUTHORITY, best, best.value, _dissenting(words, best.value))
    if attribute.derived is not None and uscc:
        value = digest(uscc[attribute.derived])
        return Elected(Status.DERIVED, None, value, _dissenting(words, value))
    values = {word.value for word in words}
    if not values:
        return None
    if len(values) == 1:
        return Elected(Status.PROVISIONAL, words[0], words[0].value, words[1:])
    return Elected(Status.CONTESTED, None, "", words)


def _dissenting(words: tuple[Word, ...], value: str) -> tuple[Word, ...]:
    # Where somebody's word counts, saying the same is no news: it would make a step for every source that agrees.
    return tuple(word for word in words if word.value != value)


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


def _order(word: Word) -> tuple[str, str]:
    return word.record_key, word.source


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
