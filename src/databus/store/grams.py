"""Names as they are searched: folded, and as the set of their pairs of neighbouring characters.

PostgreSQL here has no trigram extension, and Chinese names are short: pairs select well, an exact `strpos` decides.
"""

from __future__ import annotations

import unicodedata

_FORMS = ("有限责任公司", "股份有限公司", "有限公司", "分公司")
"""Legal forms. Half of all names hold their pairs, so these select nothing and only cost."""
LONGEST = 400
"""Characters of a name that are searched, and of a question that are read."""


def fold(text: str) -> str:
    """One spelling for what people type alike: width, case and blanks do not count."""
    return "".join(unicodedata.normalize("NFKC", text[:LONGEST]).casefold().split())


def pairs(folded: str) -> frozenset[str]:
    """All pairs of neighbouring characters."""
    return frozenset(folded[at : at + 2] for at in range(len(folded) - 1))


STOPPED = frozenset().union(*(pairs(form) for form in _FORMS))


def grams(folded: str) -> tuple[str, ...]:
    """The pairs that select. Whatever contains a text has all grams of that text."""
    return tuple(sorted(pairs(folded) - STOPPED))
