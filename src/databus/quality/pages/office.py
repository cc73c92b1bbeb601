"""What every page of the desk needs: who is there, the words, the frame; forms only from our own pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from databus.access.callers import require_department
from databus.access.logins import Logins, Visit, require_csrf
from databus.contract.catalogue import Contract
from databus.errors import NotAllowed, NotFound
from databus.model.disclosure import Role
from databus.quality.pages.speech import Speech
from databus.web.forms import FORM_BYTES, form_of
from databus.web.languages import language_of
from databus.web.pages import Pages

COOKIE, PATH = "databus-desk", "/desk"
PRIVATE = {"Cache-Control": "private, no-store"}

Form = Mapping[str, str]
Endpoint = Callable[[Request], Awaitable[Response]]
View = Callable[[Request, Visit], Awaitable[Response]]
Act = Callable[[Request, Visit, Form], Awaitable[Response]]


@dataclass(frozen=True)
class Office:
    """The frame of the desk. `secure` marks its cookies for HTTPS only."""

    pages: Pages
    contract: Contract
    logins: Logins
    secure: bool

    def view(self, work: View) -> Endpoint:
        """A page for who has logged in; everybody else is asked to."""

        async def endpoint(request: Request) -> Response:
            visit = await self.logins.visit(request.cookies.get(COOKIE))
            return to_login(request) if visit is None else await work(request, visit)

        return endpoint

    def act(self, work: Act, *, limit: int = FORM_BYTES) -> Endpoint:
        """What a form of such a page does; `limit` is its longest body in bytes."""

        async def endpoint(request: Request) -> Response:
            visit = await self.logins.visit(request.cookies.get(COOKIE))
            if visit is None:
                return to_login(request)
            form = await form_of(request, limit=limit)
            require_csrf(form.get("csrf", ""), visit.csrf)
            return await work(request, visit, form)

        return endpoint

    def speech(self, request: Request) -> Speech:
        """The reader's words."""
        language = language_of(request)
        return Speech(language, self.pages.texts[language], self.contract)

    def department(self, request: Request, visit: Visit, *, answers: bool = False, own: bool = False) -> str:
        """The department of this address, which must be this visitor's business; `own` is for its own people alone.

        Raises:
            NotAllowed: it is another department's. NotFound: there is none of this name.
        """
        slug = str(request.path_params["department"])
        require_department(visit.caller, slug, answers=answers)
        if own and visit.caller.role is not Role.DEPARTMENT:
            raise NotAllowed("What a department has sent is its own to see and to correct.", department=slug[:64])
        if slug not in self.contract.departments:
            raise NotFound("There is no department of this name.", department=slug[:64])
        return slug

    def answer(self, request: Request, visit: Visit | None, template: str, told: Mapping[str, Any], *, status: int = 200) -> Response:
        """One page of the desk; nothing of it may be kept by anybody between."""
        department = str(request.path_params.get("department", "")) or (visit.caller.organisation if visit else "")
        frame = {
            "visit": visit,
            "csrf": visit.csrf if visit else "",
            "department": department,
            "department_name": self.speech(request).department(department),
            "may_mend": visit is not None and visit.caller.role is Role.DEPARTMENT,
            "may_waive": visit is not None and visit.caller.role is Role.STEWARD,
            "may_answer": visit is not None and visit.caller.role in (Role.DEPARTMENT, Role.STEWARD),
        }
        return self.pages.answer(request, f"desk/{template}", {**frame, **told}, status=status, headers=PRIVATE)


def to_login(request: Request) -> Response:
    """The way to the door, and from there back to the page that was asked for."""
    asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    wanted = asked if request.method in ("GET", "HEAD") else PATH
    return RedirectResponse(f"{PATH}/login?next={quote(wanted, safe='')}", 303, headers=PRIVATE)


def leads_home(wanted: str) -> str:
    """Where a login leads: a page of the desk, never another site."""
    plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted and "//" not in wanted
    return wanted if plain and (wanted == PATH or wanted.startswith((f"{PATH}/", f"{PATH}?"))) else PATH
