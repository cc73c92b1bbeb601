"""Check characters of Chinese identifiers (domain 1): arithmetic only.

Each function takes the characters before the check and gives the check; none says whether the whole is valid.
"""

from __future__ import annotations

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""31 characters in the order of their values: no I, O, S, V, Z."""

_ORG_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_USCC_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_WEIGHTS = tuple(pow(2, 17 - i, 11) for i in range(17))


def uscc_check_char(body: str) -> str:
    """Check of the first 17 characters of a USCC (GB 32100-2015).

    Raises:
        ValueError: a character outside the alphabet.
    """
    total = sum(USCC_ALPHABET.index(c) * w for c, w in zip(body, _USCC_WEIGHTS, strict=True))
    return USCC_ALPHABET[-total % 31]


def org_check_char(body: str) -> str:
    """Check of the first 8 characters of an organisation code (GB 11714-1997): 0-9 or X.

    Raises:
        ValueError: a character outside 0-9 and A-Z.
    """
    total = sum(_ORG_ALPHABET.index(c) * w for c, w in zip(body, _ORG_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def reg_no_check_digit(body: str) -> str:
    """Check of the first 14 digits of a registration number (GS15-2006): ISO 7064 MOD 11,10.

    Raises:
        ValueError: not a digit.
    """
    product = 10
    for character in body:
        product = ((product + int(character)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def citizen_check_char(body: str) -> str:
    """Check of the first 17 digits of a citizen id (GB 11643-1999): ISO 7064 MOD 11-2, 0-9 or X.

    Raises:
        ValueError: not a digit.
    """
    total = sum(int(c) * w for c, w in zip(body, _CITIZEN_WEIGHTS, strict=True))
    return "10X98765432"[total % 11]
