"""`/desk`, `/desk/login`, `/desk/logout`: who may come in."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from databus.access.logins import Visit, csrf_of, require_csrf
from databus.access.secrets import fresh
from databus.errors import TooManyRequests
from databus.model.disclosure import Role
from databus.quality.pages.office import COOKIE, PATH, PRIVATE, Form, Office, leads_home
from databus.web.forms import form_of
from databus.web.limits import address_of

BEFORE = "databus-desk-door"
"""The cookie of who has not logged in yet: so that no other site can log a reader in as somebody else."""
_DOOR = f"{PATH}/login"


def router(office: Office) -> APIRouter:
    """The ways in and out."""
    routes = APIRouter(include_in_schema=False)

    async def home(request: Request, visit: Visit) -> Response:
        if visit.caller.role is Role.DEPARTMENT:
            return RedirectResponse(f"{PATH}/{visit.caller.organisation}", 303, headers=PRIVATE)
        speak = office.speech(request)
        named = [(slug, speak.department(slug)) for slug in office.contract.departments]
        return office.answer(request, visit, "departments.html", {"departments": named})

    @routes.get(_DOOR)
    async def door(request: Request) -> Response:
        return _form(office, request, wanted=request.query_params.get("next", ""))

    @routes.post(_DOOR)
    async def enter(request: Request) -> Response:
        form = await form_of(request, limit=8 * 1024)
        require_csrf(form.get("csrf", ""), csrf_of(request.cookies.get(BEFORE) or fresh()))
        wanted, client = form.get("next", ""), form.get("client", "")
        address = address_of(request)
        try:
            token = await office.logins.enter(client, form.get("secret", ""), address=address)
        except TooManyRequests as error:
            seconds = str(error.facts["retry_after"])
            refusal = _form(office, request, wanted=wanted, client=client, problem="often", status=error.status)
            refusal.headers["Retry-After"] = seconds
            return refusal
        if token is None:
            return _form(office, request, wanted=wanted, client=client, problem="wrong", status=403)
        answer = RedirectResponse(leads_home(wanted), 303, headers=PRIVATE)
        _cookie(office, answer, COOKIE, token, path=PATH)
        answer.delete_cookie(BEFORE, path=_DOOR, httponly=True, samesite="strict", secure=office.secure)
        return answer

    async def leave(request: Request, _: Visit, __: Form) -> Response:
        await office.logins.leave(request.cookies.get(COOKIE))
        answer = RedirectResponse(_DOOR, 303, headers=PRIVATE)
        answer.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict", secure=office.secure)
        return answer

    routes.add_api_route(PATH, office.view(home))
    routes.add_api_route(f"{PATH}/logout", office.act(leave), methods=["POST"])
    return routes


def _form(office: Office, request: Request, *, wanted: str, client: str = "", problem: str = "", status: int = 200) -> Response:
    token = request.cookies.get(BEFORE) or fresh()
    told = {"csrf": csrf_of(token), "next": leads_home(wanted), "client": client[:64], "problem": problem}
    answer = office.answer(request, None, "login.html", told, status=status)
    _cookie(office, answer, BEFORE, token, path=_DOOR)
    return answer


def _cookie(office: Office, answer: Response, name: str, token: str, *, path: str) -> None:
    answer.set_cookie(name, token, path=path, httponly=True, samesite="strict", secure=office.secure)
