"""Attributes of a subject: who asserts them, whose word counts, and how it is chosen (domain 4.1, 4.2).

Each takes its authority's value, and nobody else's word overwrites it. Where the authority is silent and all others agree,
their value stands provisionally; where they differ there is none. No vote, no average, no latest-wins across departments.
Python names no field and no type here: they come from schemas/attributes.yaml.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from databus.contract.catalogue import Contract
from databus.model.change import Status
from databus.model.keys import USCI
from databus.model.nouns import dataclass

ENTRY, DEPARTMENT, OTHER = 0, 1, 2
"""How near a word is to the authority: its own entry, another entry of the authority, anybody else."""


@dataclass(frozen=True, slots=True)
class Authority:
    """The entry under which an attribute is authoritative; its department's other entries of the type come second."""

    catalog_code: str
    record_type: str
    department: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute. `authority` is by the first character of the subject's USCC, `derived` the part of the USCC that tells it."""

    name: str
    conflict: str
    authority: Mapping[str, Authority]
    derived: slice | None

    def level(self, codes: Mapping[str, str], *, record_type: str, department: str, catalog_code: str) -> int:
        """How near what a department tells in a record is to the authority for the subject with these codes."""
        authority = self.authority.get(codes.get(USCI, "")[:1])
        if authority is None or (authority.record_type, authority.department) != (record_type, department):
            return OTHER
        return ENTRY if authority.catalog_code == catalog_code else DEPARTMENT


@dataclass(frozen=True, slots=True)
class Word:
    """One value of an attribute, for comparison alone, and who says it: the first record of its source that does."""

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


def attributes_of(contract: Contract) -> dict[str, Attribute]:
    """The attributes of a contract, by name."""
    return {name: _attribute(name, row, contract) for name, row in contract.attributes["attributes"].items()}


def asserted_by(contract: Contract, record_type: str) -> tuple[tuple[str, str], ...]:
    """The attributes that records of a type assert, each with the field that does."""
    rows = contract.attributes["attributes"].items()
    return tuple((name, by["field"]) for name, row in rows for by in row["asserted_by"] if by["record_type"] == record_type)


def elect_attribute(attribute: Attribute, words: Iterable[Word], authorities: Sequence[Word], uscc: str) -> Elected | None:
    """Whose word an attribute takes; None if nothing is said. `authorities` speak for it, the best first; `uscc` is empty without."""
    best, *rest = authorities or (None,)
    told = tuple(sorted({*words, *rest}, key=_order))
    if best is not None:
        return Elected(Status.AUTHORITY, best, best.value, _dissenting(told, best.value))
    if attribute.derived is not None and uscc:
        value = comparable(uscc[attribute.derived])
        return Elected(Status.DERIVED, None, value, _dissenting(told, value))
    values = {word.value for word in told}
    if not values:
        return None
    if len(values) == 1:
        return Elected(Status.PROVISIONAL, told[0], told[0].value, told[1:])
    return Elected(Status.CONTESTED, None, "", told)


def plain(value: Any) -> str:
    """A value as text; empty for none."""
    if value is None:
        return ""
    return str(value.normalize()) if isinstance(value, Decimal) else str(value)


@lru_cache(maxsize=1 << 16)
def comparable(value: str) -> str:
    """The hash of a value as comparisons see it: letters and digits, whatever their width, case and punctuation (domain 4.2, 8)."""
    told = "".join(character for character in unicodedata.normalize("NFKC", value).casefold() if character.isalnum())
    return blake2b((told or value).encode(), digest_size=8).hexdigest()


def _dissenting(words: tuple[Word, ...], value: str) -> tuple[Word, ...]:
    # Where somebody's word counts, saying the same is no news: it would make a step for every source that agrees.
    return tuple(word for word in words if word.value != value)


def _order(word: Word) -> tuple[str, str]:
    return word.record_key, word.source


def _attribute(name: str, row: Mapping[str, Any], contract: Contract) -> Attribute:
    entries = {first: contract.entries[code] for first, code in row["authority"].items()}
    authority = {first: Authority(entry.code, entry.record_type, entry.department) for first, entry in entries.items()}
    derived = row.get("derived")
    return Attribute(name, row["conflict"], authority, slice(*derived["slice"]) if derived else None)
