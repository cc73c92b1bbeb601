"""Identifiers of organisations and persons: what is wrong with one, said so that its owner can fix it (domain 1).

A `check_*` function takes a value as it was sent and answers None or a Problem. Case, blanks and hyphens are no fault;
full-width characters and letters that look like digits are one (DQ-ACC-03), with a suggestion: nothing is repaired silently.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from databus.contract.checkdigits import USCC_ALPHABET, citizen_check_char, org_check_char, reg_no_check_digit, uscc_check_char

__all__ = [
    "CHECKS",
    "Problem",
    "check_citizen_id",
    "check_embedded_org_code",
    "check_org_code",
    "check_reg_no",
    "check_tax_no",
    "check_uscc",
    "citizen_check_char",
    "masked_id",
    "normalise_code",
    "org_check_char",
    "reg_no_check_digit",
    "upgrade_citizen_id",
    "uscc_check_char",
]

ILLEGAL = "DQ-ACC-03"
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "Z": "2", "S": "5"})
_USCC = re.compile(rf"[1-9AGNY][0-9][0-9]{{6}}[{USCC_ALPHABET}]{{10}}")
_ORG = re.compile(r"[0-9A-Z]{8}[0-9X]")
_CITIZEN = re.compile(r"[0-9]{17}[0-9X]|[0-9]{15}")
_CITIZEN_TYPED = re.compile(r"[0-9OI]{17}[0-9OIX]|[0-9OI]{15}")
_OLD_CITIZEN = re.compile(r"[0-9]{15}")
_BLANKS = re.compile(r"[\s\-]")
_FIRST_BIRTH = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a value. `suggestion` is what would pass where it is likely, else empty. Persons' numbers are masked."""

    rule: str
    observed: str
    expected: str
    suggestion: str = ""


def normalise_code(value: str) -> str:
    """A code in half-width upper-case characters without blanks and hyphens: for lookups and keys, never instead of a check."""
    if value.isascii() and value.isalnum():
        return value.upper()
    return _BLANKS.sub("", unicodedata.normalize("NFKC", value)).upper()


def _typed(value: str) -> str:
    """The value as its sender meant it, with the characters he used."""
    return _BLANKS.sub("", value).upper()


def _full_width(value: str) -> bool:
    return _typed(value) != normalise_code(value)


def _likely(code: str, passes: Callable[[str], bool], keep: int = 0) -> str:
    """The code with lookalike letters behind its first `keep` characters read as digits, if that passes."""
    read = code[:keep] + code[keep:].translate(_LOOKALIKES)
    return read if read != code and passes(read) else ""


def check_uscc(value: str) -> Problem | None:
    """Unified social credit code, GB 32100-2015: 18 characters, check character last. DQ-ACC-01 or DQ-ACC-03."""
    if _uscc_passes(value):
        return None
    code = normalise_code(value)
    if _full_width(value):
        return Problem(ILLEGAL, value, "half-width characters", code if _uscc_passes(code) else "")
    if len(code) != 18:
        return Problem("DQ-ACC-01", value, f"18 characters, not {len(code)}")
    if strange := sorted(set(code) - set(USCC_ALPHABET)):
        return Problem(ILLEGAL, value, f"digits and capitals without I, O, S, V, Z; found {' '.join(strange)}", _likely(code, _uscc_passes))
    if not _USCC.fullmatch(code):
        return Problem("DQ-ACC-01", value, "authority (1-9, A, G, N, Y), class (digit), division (6 digits), body (9), check character")
    if code[17] != uscc_check_char(code[:17]):
        return Problem("DQ-ACC-01", value, f"check character {uscc_check_char(code[:17])} behind {code[:17]}")
    return None


def _uscc_passes(code: str) -> bool:
    return len(code) == 18 and _checks(code)


@lru_cache(maxsize=1 << 14)
def _checks(code: str) -> bool:
    # One submission has the code of its subject several times, and that of its authority comes with many.
    return bool(_USCC.fullmatch(code)) and code[17] == uscc_check_char(code[:17])


def check_embedded_org_code(value: str) -> Problem | None:
    """The organisation code in characters 9 to 17 of a USCC. DQ-ACC-02; what is no USCC at all is left to `check_uscc`."""
    code = value if _uscc_passes(value) else normalise_code(value)
    if not _uscc_passes(code) or _org_passes(code[8:17]):
        return None
    return Problem("DQ-ACC-02", value, f"{org_check_char(code[8:16])} as character 17, the check of {code[8:16]} by GB 11714")


def check_org_code(value: str) -> Problem | None:
    """Organisation code, GB 11714-1997: 8 characters and a check. DQ-ACC-02 or DQ-ACC-03 (full width)."""
    if _org_passes(value):
        return None
    code = normalise_code(value)
    if _full_width(value):
        return Problem(ILLEGAL, value, "half-width characters", code if _org_passes(code) else "")
    if not _ORG.fullmatch(code):
        return Problem("DQ-ACC-02", value, "8 digits or capitals and a check character (0-9, X)", _likely(code, _org_passes, keep=8))
    if not _org_passes(code):
        return Problem("DQ-ACC-02", value, f"check character {org_check_char(code[:8])} behind {code[:8]}", _likely(code, _org_passes))
    return None


@lru_cache(maxsize=1 << 14)
def _org_passes(code: str) -> bool:
    return bool(_ORG.fullmatch(code)) and code[8] == org_check_char(code[:8])


def check_reg_no(value: str) -> Problem | None:
    """Business registration number, GS15-2006: 15 digits, or 13 of the old form without a check. DQ-ACC-05 or DQ-ACC-03."""
    if _reg_no_passes(value):
        return None
    code = normalise_code(value)
    if _full_width(value):
        return Problem(ILLEGAL, value, "half-width digits", code if _reg_no_passes(code) else "")
    if likely := _likely(code, _reg_no_passes):
        return Problem(ILLEGAL, value, "digits only", likely)
    if not (code.isascii() and code.isdigit()) or len(code) not in (13, 15):
        return Problem("DQ-ACC-05", value, "15 digits (13 in the old form)")
    if not _reg_no_passes(code):
        return Problem("DQ-ACC-05", value, f"check digit {reg_no_check_digit(code[:14])} behind {code[:14]}")
    return None


def _reg_no_passes(code: str) -> bool:
    if not (code.isascii() and code.isdigit()):
        return False
    return len(code) == 13 or (len(code) == 15 and code[14] == reg_no_check_digit(code[:14]))


def check_citizen_id(value: str, on: date | None = None) -> Problem | None:
    """Citizen id, GB 11643-1999: 18 characters, or 15 of the old form; born between 1900 and `on`. DQ-ACC-04 or DQ-ACC-03.

    The division is not looked up: numbers keep the code of the place and time of their first issue (domain 1.5).
    """
    code, seen = normalise_code(value), masked_id(value)
    if not value.isascii() and _full_width(value):
        return Problem(ILLEGAL, seen, "half-width characters")
    if not _CITIZEN.fullmatch(code):
        rule = ILLEGAL if _CITIZEN_TYPED.fullmatch(code) else "DQ-ACC-04"
        return Problem(rule, seen, "17 digits and a check character (0-9, X)")
    whole = upgrade_citizen_id(code)
    try:
        birth = date(int(whole[6:10]), int(whole[10:12]), int(whole[12:14]))
    except ValueError:
        return Problem("DQ-ACC-04", seen, "a birth date in characters 7 to 14")
    if birth < _FIRST_BIRTH or (on is not None and birth > on):
        return Problem("DQ-ACC-04", seen, "a birth date between 1900 and the day of the record")
    if whole[17] != citizen_check_char(whole[:17]):
        return Problem("DQ-ACC-04", seen, "a check character that fits the 17 digits before it")
    return None


def upgrade_citizen_id(value: str) -> str:
    """The 18 characters of a number: an old one of 15 digits gets its century and check, any other is only normalised."""
    code = normalise_code(value)
    if not _OLD_CITIZEN.fullmatch(code):
        return code
    body = f"{code[:6]}19{code[6:]}"
    return body + citizen_check_char(body)


def masked_id(value: str) -> str:
    """A person's number with all but three characters in front and four behind hidden (domain 3.6)."""
    return value[:3] + "*" * max(len(value) - 7, 0) + value[-4:] if len(value) > 10 else "*" * len(value)


def check_tax_no(value: str) -> Problem | None:
    """Taxpayer id: a USCC; of old 15 characters with the organisation code last, or a citizen id with 0 or 2 characters behind.

    DQ-ACC-02 or DQ-ACC-03 (full width).
    """
    code = normalise_code(value)
    seen = masked_id(value) if len(code) in (18, 20) and code[:17].isdigit() else value
    if _full_width(value):
        return Problem(ILLEGAL, seen, "half-width characters")
    match len(code):
        case 15 if not code[:6].isdigit() or not _org_passes(code[6:]):
            return Problem("DQ-ACC-02", seen, "a division (6 digits) and an organisation code with its check (9)")
        case 18 if not _uscc_passes(code) and check_citizen_id(code) is not None:
            return Problem("DQ-ACC-02", seen, "a unified social credit code or a citizen id")
        case 20 if check_citizen_id(code[:18]) is not None:
            return Problem("DQ-ACC-02", seen, "a citizen id and two characters")
        case 15 | 18 | 20:
            return None
        case length:
            return Problem("DQ-ACC-02", seen, f"15, 18 or 20 characters, not {length}")


CHECKS: Mapping[str, Callable[[str], Problem | None]] = {
    "uscc": check_uscc,
    "embedded_org_code": check_embedded_org_code,
    "org_code": check_org_code,
    "reg_no": check_reg_no,
    "tax_no": check_tax_no,
    "citizen_id": check_citizen_id,
}
"""Checks by the name of their form, as type.yaml calls them; a Problem's `rule` says which rule it breaks."""
