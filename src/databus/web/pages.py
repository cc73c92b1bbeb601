"""HTML pages: templates, texts and the reader's language brought together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from databus.web.etags import Fresh, answer
from databus.web.languages import TAGS, Texts, language_of, load_texts, remember

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Pages:
    """The templates and the texts; `answer` renders one page for one reader."""

    environment: Environment
    texts: Texts

    def render(self, request: Request, template: str, told: Mapping[str, Any]) -> str:
        """One page as text. Templates see `t` (texts), `lang`, `other_language` and what they are told."""
        language = language_of(request)
        texts = self.texts[language]
        return self.environment.get_template(template).render(
            **told, t=texts, lang=language, tag=TAGS[language], switch=_switch(request), path=request.url.path
        )

    def answer(
        self,
        request: Request,
        template: str,
        told: Mapping[str, Any],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        fresh: Fresh | None = None,
    ) -> Response:
        """One page as an answer, with its validator, its language and the cookie that remembers it; `fresh` as in `etags.answer`."""
        extra = {"Content-Language": TAGS[language_of(request)], "Vary": "Accept, Accept-Language, Cookie", **(headers or {})}
        body = self.render(request, template, told).encode()
        if status == 200:
            return remember(request, answer(request, body, media_type="text/html", headers=extra, fresh=fresh))
        return remember(request, Response(body, status_code=status, media_type="text/html", headers=extra))


def load_pages(filters: Mapping[str, Any] | None = None) -> Pages:
    """The pages of this package; `filters` are the caller's own template filters."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(filters or {})
    return Pages(environment, load_texts())


def _switch(request: Request) -> dict[str, str]:
    """Links to this very page in each language."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return {language: f"{request.url.path}?{urlencode([*kept, ('lang', language)])}" for language in TAGS}
