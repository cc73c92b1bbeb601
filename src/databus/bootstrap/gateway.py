"""The gateway: policy, pages and API for the world, and the bundle for its OPA."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import httpx
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request

from databus.access import oauth, tokens
from databus.access.attempts import TOKENS, Attempts
from databus.access.callers import caller_of
from databus.access.secrets import Hashing
from databus.audit.counter import Counter
from databus.audit.trail import Trail
from databus.bootstrap.observed import ObservedTrail
from databus.bootstrap.parts import Process, beat, main, now, process, registered_codec
from databus.bus.journal import Journal
from databus.contract.classes import possible
from databus.gateway import routes as gateway
from databus.gateway.records import StoreRecords
from databus.local.engines.opa import BUNDLE_PATH
from databus.model.disclosure import Caller, Role
from databus.policy import serving
from databus.policy.opa import OpaDecider
from databus.policy.plans import Plans
from databus.settings import Settings
from databus.store import accounts, classes, clock, database
from databus.store.counts import Counts
from databus.store.sessions import Pool
from databus.telemetry import Health, routes, serve, stop_signal
from databus.web.application import application
from databus.web.limits import Limited, Limits, address_of
from databus.web.pages import load_pages

AUDIENCE = "gateway"


def run(settings: Settings) -> int:
    """Serve until told to stop; the exit code."""
    made = process("gateway", settings)
    return main("gateway", lambda: _serve(made))


async def _serve(made: Process) -> int:
    stop, health = stop_signal(), Health()
    settings = made.settings
    async with AsyncExitStack() as open_parts:
        pool = await database.connect(settings.postgres.dsn.get_secret_value())
        open_parts.push_async_callback(pool.close)
        journal = await open_parts.enter_async_context(Journal(made.address))
        decider = await open_parts.enter_async_context(
            OpaDecider(settings.opa.url, made.keys.read("opa.token"), settings.opa.timeout_seconds)
        )
        trail = ObservedTrail(Trail(journal, await asyncio.to_thread(registered_codec, made.address)), made.metrics)
        counter = await open_parts.enter_async_context(Counter(trail, clock=now))
        applied = clock.Applied()
        following = asyncio.create_task(applied.follow(pool))
        open_parts.callback(following.cancel)
        app = _application(made, pool=pool, decider=decider, trail=trail, counter=counter, applied=applied, stop=stop)
        asked = await open_parts.enter_async_context(httpx.AsyncClient(timeout=2.0))
        app.routes[:0] = routes(health, made.metrics, partial(_opa_ready, made, asked))
        health.ready = True
        beating = asyncio.create_task(beat(health))
        open_parts.callback(beating.cancel)
        await serve(app, port=settings.gateway.port, setting="DATABUS_GATEWAY__PORT", stop=stop)
    return 0


def _application(
    made: Process,
    *,
    pool: Pool,
    decider: OpaDecider,
    trail: ObservedTrail,
    counter: Counter,
    applied: clock.Applied,
    stop: asyncio.Event,
) -> FastAPI:
    settings, pages = made.settings, load_pages()
    url = settings.gateway.public_url or f"http://127.0.0.1:{settings.gateway.port}"
    signing = tokens.signing(made.keys.read("token-signing.pem"), issuer=url, audience=AUDIENCE)

    async def caller(request: Request) -> Caller:
        return caller_of(request.headers.get("authorization"), signing=signing, clock=now)

    def observe(cached: bool, seconds: float) -> None:
        made.metrics.decision.labels(str(cached).lower()).observe(seconds)

    plans = Plans(
        decider,
        classes=partial(classes.known, pool),
        contract=made.contract,
        clock=now,
        seconds=settings.gateway.plan_seconds,
        possible=possible(made.contract),
        observe=observe,
    )
    world = gateway.router(
        planner=plans,
        trail=trail,
        records=StoreRecords(pool),
        contract=made.contract,
        callers=caller,
        clock=now,
        count=counter,
        key=bytes.fromhex(made.keys.read("cursor.key")),
        platform_key=bytes.fromhex(made.keys.read("platform.hmac")),
        pages=pages,
        applied=lambda: applied.day,
    )
    counts = Counts(pool)
    access = oauth.router(
        find=partial(accounts.find, pool),
        hashing=Hashing(),
        signing=signing,
        clock=now,
        attempts=Attempts(counts, now, TOKENS),
        address=address_of,
    )
    bundle = serving.router(settings.home / "bundle" / "databus.tar.gz", token=made.keys.read("opa.token"), resource=BUNDLE_PATH, stop=stop)
    return application(
        [world, access, bundle],
        pages=pages,
        title="databus",
        version="1",
        summary="Public credit information of a province",
        within=[Middleware(Limited, limits=Limits(_quotas(settings), counts, now), callers=caller, pages=pages)],
    )


def _quotas(settings: Settings) -> dict[Role, int]:
    """Requests a minute, by role."""
    told = settings.gateway
    office = dict.fromkeys((Role.STEWARD, Role.OFFICER), told.rate_office)
    return {Role.PUBLIC: told.rate_public, Role.AGENCY: told.rate_agency, Role.DEPARTMENT: told.rate_department, **office}


async def _opa_ready(made: Process, asked: httpx.AsyncClient) -> bool:
    """Whether OPA decides by our bundle: before the first one it answers every call with 500 (stack 2)."""
    try:
        headers = {"Authorization": f"Bearer {made.keys.read('opa.token')}"}
        answer = await asked.get(f"{made.settings.opa.url}/health?bundles", headers=headers)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200
