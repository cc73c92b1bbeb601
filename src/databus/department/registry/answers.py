"""The answers of `/registry`, one function per operation: from a request and the registry to what becomes JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from databus.bus import registered as held
from databus.bus.registered import Registered
from databus.bus.registry import Entry
from databus.department.registry import candidate as candidates
from databus.department.registry.refusals import (
    RegistryError,
    invalid_version,
    no_config,
    no_mode,
    no_schema,
    no_subject,
    no_version,
    read_only,
)
from databus.web.bodies import body_of, media_type

MEDIA_TYPES = ("application/vnd.schemaregistry.v1+json", "application/vnd.schemaregistry+json", "application/json")
SENT = (*MEDIA_TYPES, "application/octet-stream")
LEVEL, MODE = "FULL_TRANSITIVE", "READONLY"
BODY_BYTES = 256 * 1024

_LAST = 2**31 - 1


class Text(str):
    """A schema that is the whole answer, as it was registered."""


@dataclass(frozen=True, slots=True)
class Registry:
    """What is registered. Comparing a large schema takes a while: so many at once leave room for everybody else."""

    registered: Registered
    comparing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def entries(self) -> tuple[Entry, ...]:
        """See `Registered.entries`."""
        return await self.registered.entries()

    async def sought(self) -> tuple[Entry, ...]:
        """See `Registered.sought`."""
        return await self.registered.sought()


async def _of(registry: Registry, subject: str) -> Mapping[int, Entry]:
    found = held.versions(await registry.entries(), subject) or held.versions(await registry.sought(), subject)
    if not found:
        raise no_subject(subject)
    return found


async def _version(request: Request, registry: Registry) -> Entry:
    told, subject = request.path_params["version"], request.path_params["subject"]
    number = _LAST if told in ("latest", "-1") else _number(told)
    if number is None or not 1 <= number <= _LAST:
        raise invalid_version(told)
    found = await _of(registry, subject)
    if told in ("latest", "-1"):
        return found[max(found)]
    if number not in found:
        found = held.versions(await registry.sought(), subject)
    if number not in found:
        raise no_version(number)
    return found[number]


async def _identified(request: Request, registry: Registry) -> list[Entry]:
    number = _number(request.path_params["id"])
    if number is None:
        raise RegistryError(404, "HTTP 404 Not Found")
    for entries in (registry.entries, registry.sought):
        if found := [entry for entry in await entries() if entry.schema_id == number]:
            return found
    raise no_schema(number)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def _references(entry: Entry) -> dict[str, Any]:
    listed = [{"name": name, "subject": name, "version": version} for name, version in entry.versions.items()]
    return {"references": listed} if listed else {}


def _whole(entry: Entry) -> dict[str, Any]:
    place = {"subject": entry.schema.name, "version": entry.schema.version, "id": entry.schema_id}
    return {**place, **_references(entry), "schema": entry.schema.text}


async def root(request: Request, registry: Registry) -> Any:
    """`/`: nothing, as the original."""
    return {}


async def subjects(request: Request, registry: Registry) -> Any:
    """Every subject."""
    prefix = request.query_params.get("subjectPrefix", "")
    return sorted({entry.schema.name for entry in await registry.entries() if entry.schema.name.startswith(prefix)})


async def schemas(request: Request, registry: Registry) -> Any:
    """Every version of every subject."""
    prefix, latest = request.query_params.get("subjectPrefix", ""), request.query_params.get("latestOnly") == "true"
    found = [entry for entry in await registry.entries() if entry.schema.name.startswith(prefix)]
    newest = {entry.schema.name: max(held.versions(found, entry.schema.name)) for entry in found}
    return [_whole(entry) for entry in found if not latest or entry.schema.version == newest[entry.schema.name]]


async def types(request: Request, registry: Registry) -> Any:
    """The kinds of schema there are."""
    return ["AVRO"]


async def versions(request: Request, registry: Registry) -> Any:
    """The versions of a subject."""
    return list(await _of(registry, request.path_params["subject"]))


async def one(request: Request, registry: Registry) -> Any:
    """One version of a subject."""
    return _whole(await _version(request, registry))


async def one_text(request: Request, registry: Registry) -> Any:
    """Its text alone."""
    return Text((await _version(request, registry)).schema.text)


async def referenced_by(request: Request, registry: Registry) -> Any:
    """The ids of the schemas that reference it."""
    entry = await _version(request, registry)
    place = (entry.schema.name, entry.schema.version)
    return [other.schema_id for other in await registry.entries() if place in other.versions.items()]


async def by_id(request: Request, registry: Registry) -> Any:
    """A schema by its id."""
    entry = (await _identified(request, registry))[0]
    most = {"maxId": max(one.schema_id for one in await registry.entries())} if request.query_params.get("fetchMaxId") == "true" else {}
    return {"schema": entry.schema.text, **_references(entry), **most}


async def text_by_id(request: Request, registry: Registry) -> Any:
    """Its text alone."""
    return Text((await _identified(request, registry))[0].schema.text)


async def subjects_of(request: Request, registry: Registry) -> Any:
    """The subjects an id stands under."""
    return sorted({entry.schema.name for entry in await _identified(request, registry)})


async def versions_of(request: Request, registry: Registry) -> Any:
    """The subjects and versions an id stands for."""
    return [{"subject": entry.schema.name, "version": entry.schema.version} for entry in await _identified(request, registry)]


async def _candidate(request: Request, entries: Iterable[Entry]) -> candidates.Candidate:
    media_type(request, SENT)
    return await asyncio.to_thread(candidates.candidate_of, await body_of(request, limit=BODY_BYTES), entries)


async def look_up(request: Request, registry: Registry) -> Any:
    """The version of a subject that has this text."""
    found = (await _of(registry, request.path_params["subject"])).values()
    sought = await _candidate(request, await registry.entries())
    for entry in sorted(found, key=lambda one: -one.schema.version):
        if candidates.same(sought, entry):
            return _whole(entry)
    raise no_schema()


async def register(request: Request, registry: Registry) -> Any:
    """The id of a version that is there already; another one is refused."""
    sought = await _candidate(request, await registry.sought())
    for entry in held.versions(await registry.entries(), request.path_params["subject"]).values():
        if candidates.same(sought, entry):
            return {"id": entry.schema_id}
    raise read_only()


async def fits_one(request: Request, registry: Registry) -> Any:
    """Whether a schema may stand beside that version."""
    return await _compared(request, registry, [await _version(request, registry)])


async def fits_all(request: Request, registry: Registry) -> Any:
    """Whether a schema may stand beside every version of the subject."""
    return await _compared(request, registry, held.versions(await registry.entries(), request.path_params["subject"]).values())


async def _compared(request: Request, registry: Registry, against: Iterable[Entry]) -> Any:
    entries = await registry.entries()
    sought = await _candidate(request, entries)
    async with registry.comparing:
        found = await asyncio.to_thread(candidates.breaches, sought, entries, list(against))
    told = {"messages": found} if request.query_params.get("verbose", "").lower() == "true" else {}
    return {"is_compatible": not found, **told}


async def config(request: Request, registry: Registry) -> Any:
    """The level of compatibility."""
    subject = request.path_params.get("subject")
    if subject is not None and request.query_params.get("defaultToGlobal") != "true":
        raise no_config(subject)
    return {"compatibilityLevel": LEVEL}


async def mode(request: Request, registry: Registry) -> Any:
    """The mode."""
    subject = request.path_params.get("subject")
    if subject is not None and request.query_params.get("defaultToGlobal") != "true":
        raise no_mode(subject)
    return {"mode": MODE}


async def refuse(request: Request, registry: Registry) -> Any:
    """What every operation that would write says."""
    raise read_only()
