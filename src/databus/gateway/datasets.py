"""Open data: what there is, its records page by page, and all of it as one file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from databus.gateway import examples, tables
from databus.gateway.bodies import record_body
from databus.gateway.line import Line
from databus.gateway.walks import Stretch, Walk, columns_of, cursor_of, stretch, walk_of
from databus.store.datasets import Dataset
from databus.web.etags import Fresh, answer, json_answer
from databus.web.paging import limit_of
from databus.web.streams import NDJSON, Bounded, yielding

USUAL = 100
CHUNK = 500
"""Rows an export decides, reads and releases at a time."""

Id = Annotated[str, Path(description="Id of a dataset.", examples=["penalties"])]
Limit = Annotated[str | None, Query(description="Rows of a page, 1 to 1000.", examples=["100"])]
Sort = Annotated[str | None, Query(description="Field to sort by, with `-` for falling.", examples=["-decided_at"])]
Cursor = Annotated[str | None, Query(description="`next` of the page before; opaque. It pins the version of the data for 24 hours.")]
Bom = Annotated[str | None, Query(description="`1` leads a CSV with a byte order mark, for spreadsheets.")]


def router(line: Line) -> APIRouter:
    """`/v1/datasets` and everything below; open to everybody."""
    routes = APIRouter(tags=["datasets"])
    missing = {"x-problems": [404, 410]}

    @routes.get("/v1/datasets", summary="All datasets", responses=examples.answer(examples.DATASETS))
    async def all_datasets(request: Request) -> Response:
        """The open datasets with their columns, filters and orders."""
        return json_answer(request, {"datasets": [described(line, one) for one in line.datasets.values()]}, headers=line.as_of())

    @routes.get(
        "/v1/datasets/{dataset}", summary="One dataset", responses=examples.answer(examples.DATASETS["datasets"][0]), openapi_extra=missing
    )
    async def one_dataset(request: Request, dataset: Id) -> Response:
        """Title, description, columns, filters, orders and licence."""
        return json_answer(request, described(line, line.dataset(dataset)), headers=line.as_of())

    @routes.get(
        "/v1/datasets/{dataset}/records",
        summary="Records",
        responses=examples.answer(examples.PAGE, **{tables.MEDIA_TYPE: examples.CSV}),
        openapi_extra=missing,
    )
    async def records(request: Request, dataset: Id, limit: Limit = None, sort: Sort = None, cursor: Cursor = None) -> Response:
        """One page of records. Any further parameter is a filter: `field=value` or `field.operator=value`.

        All pages of one walk are of the same version of the data. What is withdrawn meanwhile is left out at once, and
        counted by `withdrawn` on the last page. With `Accept: text/csv` the page is CSV and `Link` carries the next one.
        """
        caller = await line.callers(request)
        chosen = line.dataset(dataset)
        page = await stretch(line, walk_of(request, chosen, line), limit=limit_of(limit, usual=USUAL))
        line.count(chosen.name, caller)
        if tables.MEDIA_TYPE in request.headers.get("accept", ""):
            return _as_csv(request, line, chosen, page)
        told = {"dataset": chosen.name, "records": [record_body(one, platform_key=line.platform_key) for one in page.shown]}
        onward = cursor_of(page, line)
        body = {**told, "next": onward[0] if onward else None, "withdrawn": page.withdrawn}
        return json_answer(request, body, headers={**line.as_of(), **_link(request, onward)}, fresh=onward)

    @routes.get(
        "/v1/datasets/{dataset}/exports/csv",
        summary="All of it as CSV",
        response_class=Response,
        responses=examples.answer(examples.CSV, tables.MEDIA_TYPE),
        openapi_extra=missing,
    )
    async def as_csv(request: Request, dataset: Id, sort: Sort = None, bom: Bom = None) -> Response:
        """Every record that meets the filters, as one file of one version of the data."""
        caller = await line.callers(request)
        chosen = line.dataset(dataset)
        columns, record_type = columns_of(line, chosen), line.contract.types[chosen.record_type]
        walk = walk_of(request, chosen, line)
        first = await stretch(line, walk, limit=CHUNK)
        line.count(chosen.name, caller)

        async def chunks() -> AsyncIterator[bytes]:
            yield (tables.MARK if bom == "1" else b"") + tables.header(columns)
            async for page in _pages(line, first):
                yield tables.lines(page.shown, columns, record_type, platform_key=line.platform_key)

        return _file(line, chosen, chunks(), tables.MEDIA_TYPE, "csv")

    @routes.get(
        "/v1/datasets/{dataset}/exports/jsonl",
        summary="All of it as JSON lines",
        response_class=Response,
        responses=examples.answer(examples.LINES, NDJSON),
        openapi_extra=missing,
    )
    async def as_jsonl(request: Request, dataset: Id, sort: Sort = None) -> Response:
        """The same, one record per line."""
        caller = await line.callers(request)
        chosen = line.dataset(dataset)
        first = await stretch(line, walk_of(request, chosen, line), limit=CHUNK)
        line.count(chosen.name, caller)

        async def chunks() -> AsyncIterator[bytes]:
            async for page in _pages(line, first):
                yield b"".join(orjson.dumps(record_body(one, platform_key=line.platform_key)) + b"\n" for one in page.shown)

        return _file(line, chosen, chunks(), NDJSON, "jsonl")

    return routes


def described(line: Line, dataset: Dataset) -> dict[str, Any]:
    """A dataset as the catalogue describes it."""
    raw = line.contract.datasets[dataset.name]
    fields = line.contract.types[dataset.record_type].fields
    offered = [name if one == "eq" else f"{name}.{one}" for name, operators in dataset.filters.items() for one in operators]
    base = f"/v1/datasets/{dataset.name}"
    return {
        "id": dataset.name,
        "title": raw["names"],
        "description": raw["description"],
        "record_type": dataset.record_type,
        "columns": [
            {"name": name, "kind": fields[name].kind, "zh": fields[name].zh, "en": fields[name].en} for name in columns_of(line, dataset)
        ],
        "filters": offered,
        "sorts": [*dataset.orders, *(f"-{name}" for name in dataset.orders)],
        "licence": raw["licence"],
        "records": f"{base}/records",
        "exports": {"csv": f"{base}/exports/csv", "jsonl": f"{base}/exports/jsonl"},
    }


async def _pages(line: Line, first: Stretch) -> AsyncIterator[Stretch]:
    page = first
    while True:
        yield page
        walk: Walk | None = page.onward
        if walk is None:
            return
        page = await stretch(line, walk, limit=CHUNK)


def _as_csv(request: Request, line: Line, dataset: Dataset, page: Stretch) -> Response:
    columns = columns_of(line, dataset)
    mark = tables.MARK if request.query_params.get("bom") == "1" else b""
    record_type = line.contract.types[dataset.record_type]
    rows = tables.lines(page.shown, columns, record_type, platform_key=line.platform_key)
    body = mark + tables.header(columns) + rows
    return answer(request, body, media_type=tables.MEDIA_TYPE, headers={**line.as_of(), **_link(request, cursor_of(page, line))})


def _link(request: Request, cursor: Fresh | None) -> dict[str, str]:
    if cursor is None:
        return {}
    onward = request.url.include_query_params(cursor=cursor[0])
    return {"Link": f'<{onward.path}?{onward.query}>; rel="next"'}


def _file(line: Line, dataset: Dataset, chunks: AsyncIterator[bytes], media_type: str, ending: str) -> Response:
    name = f"{dataset.name}-{line.today().isoformat()}.{ending}"
    headers = {**line.as_of(), "Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Bounded(yielding(chunks), media_type=media_type, headers=headers)
