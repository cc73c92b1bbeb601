"""Search, and the public profile of one subject."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from databus.contract.identifiers import normalise_code
from databus.errors import Malformed
from databus.gateway import examples
from databus.gateway.bodies import profile_body, subject_body
from databus.gateway.lens import Lens, look_publicly
from databus.gateway.line import Line
from databus.gateway.reading import Profile, code_of, nobody, read
from databus.store.rows import SubjectRow
from databus.store.subjects import Place, place
from databus.web.cursors import scope, seal, unseal
from databus.web.etags import json_answer
from databus.web.paging import given_once, limit_of, words_of

USUAL, MOST = 20, 100
SEARCH = "search"

Q = Annotated[str, Query(description="A fragment of a Chinese name, or a code of any scheme, whole.", examples=["长春"])]
Limit = Annotated[str | None, Query(description="Rows of a page.", examples=["20"])]
Cursor = Annotated[str | None, Query(description="`next` of the page before; opaque.")]
Code = Annotated[str, Path(description="Unified social credit code, or any older code.", examples=["91220000YYYY00012A"])]


def router(line: Line) -> APIRouter:
    """`/v1/subjects` and `/v1/subjects/{code}`; open to everybody."""
    routes = APIRouter(tags=["subjects"], dependencies=[Depends(given_once)])

    @routes.get("/v1/subjects", summary="Search", responses=examples.answer(examples.SEARCH))
    async def search(request: Request, q: Q = "", limit: Limit = None, cursor: Cursor = None) -> Response:
        """Subjects by code or by a fragment of their name, the shortest name first.

        Only what is public takes part: whoever has nothing public is not found.
        """
        caller = await line.callers(request)
        found, after = await find(line, q, limit=limit_of(limit, usual=USUAL, most=MOST), cursor=cursor)
        line.count("subjects", caller)
        body = {"subjects": [subject_body(one) for one in found], "next": after}
        return json_answer(request, body, headers=line.as_of())

    @routes.get(
        "/v1/subjects/{code}",
        summary="Public profile",
        responses=examples.answer(examples.PUBLIC_PROFILE),
        openapi_extra={"x-problems": [404]},
    )
    async def subject(request: Request, code: Code) -> Response:
        """What everybody may see of one subject, by any of its codes.

        `withheld` names, per record type, why records of that type may be missing. It is the same for every subject.
        """
        caller = await line.callers(request)
        lens, profile = await public_profile(line, code)
        line.count("subjects", caller)
        return json_answer(request, public_body(line, lens, profile), headers=line.as_of())

    return routes


async def find(line: Line, q: str, *, limit: int, cursor: str | None) -> tuple[tuple[SubjectRow, ...], str | None]:
    """Subjects, and the cursor of the next page.

    Raises:
        Malformed: a question that is none, or a cursor of another question.
    """
    question = words_of(q, parameter="q")
    if not question:
        raise Malformed("q is a fragment of a name, or a code.", parameter="q")
    bound = scope(SEARCH, question)
    after: Place | None = None
    if cursor:
        size, name, key = unseal(cursor, key=line.key, scope=bound)["after"]
        after = (size, name, key)
    lens = await look_publicly(line.planner)
    found = tuple(await line.records.find(question, classes=lens.allowed, today=line.today(), limit=limit + 1, after=after))
    if len(found) <= limit:
        return found, None
    return found[:limit], seal({"after": list(place(found[limit - 1]))}, key=line.key, scope=bound)


async def public_profile(line: Line, code: str) -> tuple[Lens, Profile]:
    """Decide, read, redact for everybody.

    Raises:
        NotFound: there is no such subject, or nothing of it is public.
    """
    asked = code_of(code)
    lens = await look_publicly(line.planner)
    known = await line.records.by_code(normalise_code(asked))
    profile = await read(line, lens, known.subject_key, asked=asked) if known else None
    if profile is None:
        raise nobody()
    return lens, profile


def public_body(line: Line, lens: Lens, profile: Profile) -> dict[str, Any]:
    """The public profile as JSON."""
    day = line.day().isoformat()
    return profile_body(profile, lens, contract=line.contract, platform_key=line.platform_key, as_of=day)
