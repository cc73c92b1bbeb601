"""Synthetic subjects. No code belongs to anybody: organisation bodies begin with YYYY (domain 10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from databus.contract import checkdigits
from databus.contract.catalogue import Contract
from databus.contract.codes import Code
from databus.testing.province.words import FAMILY, FANCY, GIVEN, PLACES, ROADS, TRADES

PERSON, HOUSEHOLD, ORGANISATION = "PERSON", "HOUSEHOLD", "ORGANISATION"
CLASSES = ("91", "92", "93", "52", "12", "31", "N2", PERSON)
"""What a subject is: the first two characters of its USCC (enterprise, household, cooperative …), or a person."""

OFTEN = (75, 12, 6, 1.5, 1, 0.5, 1, 3)
FORMS = {
    "91": (ORGANISATION, "COMPANY", "有限公司"),
    "92": (HOUSEHOLD, "HOUSEHOLD", "商行"),
    "93": (ORGANISATION, "COOPERATIVE", "农民专业合作社"),
    "52": (ORGANISATION, "PRIVATE_NON_ENTERPRISE", "培训中心"),
    "12": (ORGANISATION, "PUBLIC_INSTITUTION", "检测站"),
    "31": (ORGANISATION, "LAW_FIRM", "律师事务所"),
    "N2": (ORGANISATION, "RURAL_COLLECTIVE", "村股份经济合作社"),
}
FIRST = 2 * len(checkdigits.USCC_ALPHABET) ** 2
"""Bodies below YYYY0200 are fixtures of documents and tests."""

_LATEST, _EARLIEST = 6 * 366, 25 * 365
_TAIL = 1.2
_MONTH, _YEAR = 28_000, 12


@dataclass(frozen=True, slots=True)
class Subject:
    """One synthetic subject; a person has a document instead of codes. `weight` makes some appear far more often.

    `known_by` is the older code by which alone somebody knows it; empty where that is the unified one.
    """

    kind: str
    name: str
    legal_rep: str
    subject_type: str
    division: str
    division_name: str
    address: str
    established_on: date
    weight: float
    uscc: str = ""
    org_code: str = ""
    reg_no: str = ""
    tax_no: str = ""
    id_type: str = ""
    id_number: str = ""
    known_by: str = ""

    def part(self, name: str) -> Any:
        """The part a hint asks for; None where this subject has none."""
        return getattr(self, name) or None

    @property
    def reference(self) -> dict[str, Any]:
        """The envelope's subject."""
        if self.kind == PERSON:
            return {"kind": self.kind, "name": self.name, "id_type": self.id_type, "id_number": self.id_number}
        code = self.known_by or "uscc"
        return {"kind": self.kind, "name": self.name, code: getattr(self, code)}


def subjects(count: int, *, random: Random, contract: Contract, as_of: date, first: int = 0) -> tuple[Subject, ...]:
    """That many subjects, numbered from `first` on, the same for the same random state; the first is always an organisation."""
    divisions = [row for row in contract.codes.rows("divisions") if row.more.get("level") == "county" and row.active(as_of)]
    return tuple(_subject(first + number, number == 0, random, divisions, as_of) for number in range(count))


def _subject(number: int, leads: bool, random: Random, divisions: Sequence[Code], as_of: date) -> Subject:
    chosen = CLASSES[0] if leads else random.choices(CLASSES, OFTEN)[0]
    division = random.choice(divisions)
    rep = random.choice(FAMILY) + random.choice(GIVEN)
    kind, subject_type, _ = FORMS.get(chosen, (PERSON, PERSON, ""))
    return Subject(
        kind=kind,
        name=rep if kind == PERSON else organisation_name(division.zh, random, FORMS[chosen][2]),
        legal_rep=rep,
        subject_type=subject_type,
        division=division.code,
        division_name=division.zh,
        address=address(division.zh, random),
        established_on=as_of - timedelta(days=random.randint(_LATEST, _EARLIEST)),
        weight=random.paretovariate(_TAIL),
        **(_document(number) if kind == PERSON else _codes(chosen, division.code, number)),
    )


def organisation_name(place: str, random: Random, ending: str) -> str:
    """A name as registers have them: place, fancy name, trade, form."""
    short = place.removesuffix("市").removesuffix("县").removesuffix("区")
    return f"{short}{random.choice(PLACES)}{random.choice(FANCY)}{random.choice(TRADES)}{ending}"


def address(place: str, random: Random) -> str:
    """An address in a place."""
    return f"{place}{random.choice(ROADS)}{random.randint(1, 3000)}号"


def code_of(head: str, body: str) -> str:
    """The USCC of a body (8 characters) behind authority, class and division (8 characters), with both checks."""
    whole = head + body + checkdigits.org_check_char(body)
    return whole + checkdigits.uscc_check_char(whole)


def _codes(chosen: str, division: str, number: int) -> dict[str, str]:
    body = f"YYYY{letters(FIRST + number)}"
    uscc = code_of(chosen + division, body)
    sequence = f"{division}{'6' if chosen == '92' else '0'}{number:07d}"
    org_code = uscc[8:17]
    return {
        "uscc": uscc,
        "org_code": org_code,
        "reg_no": sequence + checkdigits.reg_no_check_digit(sequence),
        "tax_no": division + org_code,
    }


def _document(number: int) -> dict[str, str]:
    # Nobody who was born in 1900 lives, and 220000 never gave out numbers (domain 10); each number once.
    month, rest = divmod(number, _MONTH)
    day, serial = divmod(rest, 1000)
    body = f"2200001900{month % _YEAR + 1:02d}{day + 1:02d}{serial:03d}"
    return {"id_type": "RIC", "id_number": body + checkdigits.citizen_check_char(body)}


def letters(number: int) -> str:
    """A number in four characters of the alphabet of codes."""
    text = ""
    for _ in range(4):
        number, digit = divmod(number, len(checkdigits.USCC_ALPHABET))
        text = checkdigits.USCC_ALPHABET[digit] + text
    return text
