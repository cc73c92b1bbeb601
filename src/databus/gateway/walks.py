"""Walking a dataset: filters as asked, pages pinned to one version of the data, cursors that carry both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request

from databus.errors import Gone
from databus.gateway.lens import Lens, Shown, cut, look_publicly
from databus.gateway.line import PIN, Line
from databus.store.datasets import Dataset
from databus.store.records import Place
from databus.store.versions import Version
from databus.web.cursors import scope, seal, unseal
from databus.web.etags import Fresh
from databus.web.paging import given_once

OWN = frozenset({"limit", "cursor", "sort", "lang", "bom"})
"""Parameters of ours; every other one is a filter."""

_HOUR = 3600


@dataclass(frozen=True)
class Walk:
    """One walk through a dataset: what was asked, and where it stands. `until` ends the pin, in seconds since 1970."""

    dataset: Dataset
    filters: Mapping[str, str]
    order: str | None
    version: Version | None = None
    after: Place | None = None
    until: int = 0

    @property
    def scope(self) -> bytes:
        """What its cursors are bound to."""
        return scope("dataset", self.dataset.name, self.filters, self.order or "")


@dataclass(frozen=True)
class Stretch:
    """One page: its records as disclosed, and the walk behind it (None at the end). `withdrawn` counts what was lost on the way."""

    shown: tuple[Shown, ...]
    onward: Walk | None
    withdrawn: int | None


def walk_of(request: Request, dataset: Dataset, line: Line) -> Walk:
    """The walk a request asks to begin or to go on with.

    Raises:
        Malformed: a parameter twice, or a cursor of another question. Gone: the pin has ended.
    """
    given_once(request)
    filters = {name: value for name, value in request.query_params.items() if name not in OWN and value != ""}
    walk = Walk(dataset, filters, request.query_params.get("sort") or None)
    cursor = request.query_params.get("cursor")
    if not cursor:
        return walk
    return _resumed(walk, unseal(cursor, key=line.key, scope=walk.scope), line)


def cursor_of(page: Stretch, line: Line) -> Fresh | None:
    """The sealed place of the next page, and what stands for it in a validator (the end of its pin); None on the last page.

    It is a fresh text each time: the version in it moves with steps that nobody may know of.
    """
    walk = page.onward
    if walk is None or walk.version is None or walk.after is None:
        return None
    content = {"g": walk.version.generation, "v": walk.version.packed, "a": list(walk.after), "u": walk.until}
    return seal(content, key=line.key, scope=walk.scope, fresh=True), str(walk.until)


async def stretch(line: Line, walk: Walk, *, limit: int) -> Stretch:
    """Decide, read, redact one page for everybody.

    Raises:
        Gone: the version is no longer kept. Malformed: a filter the dataset lacks.
    """
    lens, today = await look_publicly(line.planner), line.today()
    clear = lens.clear(walk.dataset.columns)
    try:
        page = await line.records.page(
            walk.dataset,
            classes=lens.allowed,
            today=today,
            filters=walk.filters,
            after=walk.after,
            limit=limit,
            version=walk.version,
            order=walk.order,
            clear=clear,
        )
    except Gone:
        raise ended() from None
    shown = tuple(one for row in page.rows if (one := narrowed(line, lens, walk, row)) is not None)
    if page.after is not None:
        until = walk.until or _until(line)
        return Stretch(shown, replace(walk, version=page.version, after=page.after, until=until), None)
    lost = 0 if walk.version is None else await _withdrawn(line, walk, lens, page.version)
    return Stretch(shown, None, lost)


def narrowed(line: Line, lens: Lens, walk: Walk, row: Any) -> Shown | None:
    """A record cut by the plan, and to the columns of the dataset."""
    one = cut(line.planner, lens, row)
    if one is None:
        return None
    columns = columns_of(line, walk.dataset)
    fields = {name: one.disclosed.fields[name] for name in columns if name in one.disclosed.fields}
    withheld = {name: one.disclosed.withheld[name] for name in columns if name in one.disclosed.withheld}
    return replace(one, disclosed=replace(one.disclosed, fields=fields, withheld=withheld))


def columns_of(line: Line, dataset: Dataset) -> tuple[str, ...]:
    """The fields a dataset shows, in its own order."""
    return tuple(line.contract.datasets[dataset.name]["columns"])


def ended() -> Gone:
    """The refusal of a walk whose version is no longer kept."""
    return Gone("The data under this cursor is no longer pinned; begin the walk anew without a cursor.", parameter="cursor")


async def _withdrawn(line: Line, walk: Walk, lens: Lens, version: Version) -> int:
    clear = lens.clear(walk.dataset.columns)
    classes, today = lens.allowed, line.today()
    return await line.records.withdrawn(walk.dataset, classes=classes, today=today, filters=walk.filters, version=version, clear=clear)


def _until(line: Line) -> int:
    # Whole hours: as long the same page of the same data keeps its validator.
    return (int(line.clock().timestamp()) // _HOUR + 1) * _HOUR + int(PIN.total_seconds())


def _resumed(walk: Walk, content: Mapping[str, Any], line: Line) -> Walk:
    if content["u"] < line.clock().timestamp():
        raise ended()
    value, record_key, subject_key = content["a"]
    version = Version.unpacked(content["v"], generation=content["g"])
    return replace(walk, version=version, after=(value, record_key, subject_key), until=content["u"])
