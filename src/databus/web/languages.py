"""Chinese and English: which one a reader wants, and the words themselves, which are data (texts/*.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml
from starlette.requests import Request
from starlette.responses import Response

from databus.errors import BadContract

LANGUAGES = ("zh", "en")
USUAL = "zh"
COOKIE = "databus-lang"
TAGS = {"zh": "zh-CN", "en": "en"}
"""What the lang attribute and `Content-Language` say."""

Texts = Mapping[str, Mapping[str, str]]
"""Per language: text by key."""

_TEXTS = Path(__file__).parent / "texts"
_YEAR = 31_536_000


def load_texts(folder: Path = _TEXTS) -> Texts:
    """All texts of both languages.

    Raises:
        BadContract: a text is given in one language only.
    """
    texts = {language: yaml.safe_load((folder / f"{language}.yaml").read_text("utf-8")) for language in LANGUAGES}
    alone = texts["zh"].keys() ^ texts["en"].keys()
    if alone:
        raise BadContract(f"these texts are in one language only: {', '.join(sorted(alone))}", file="texts")
    return texts


def language_of(request: Request) -> str:
    """The reader's language: `?lang=`, else the cookie, else `Accept-Language`, else Chinese."""
    for wish in (request.query_params.get("lang", ""), request.cookies.get(COOKIE, "")):
        if wish in LANGUAGES:
            return wish
    return preferred(request.headers.get("accept-language", ""))


def preferred(header: str) -> str:
    """The best of our languages by an `Accept-Language` header."""
    best, weight = USUAL, 0.0
    for part in header[:1000].split(","):
        tag, _, q = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in LANGUAGES and (told := _weight(q)) > weight:
            best, weight = language, told
    return best


def remember(request: Request, response: Response) -> Response:
    """Keeps a language chosen by `?lang=` in a cookie, for pages that follow."""
    wish = request.query_params.get("lang", "")
    if wish in LANGUAGES:
        response.set_cookie(COOKIE, wish, max_age=_YEAR, path="/", httponly=True, samesite="lax", secure=request.url.scheme == "https")
    return response


def _weight(q: str) -> float:
    name, _, value = q.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(1.0, max(0.0, float(value))) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
