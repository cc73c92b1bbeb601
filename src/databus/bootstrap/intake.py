"""The intake: what departments reach by HTTP, and the registry for every Kafka client."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request

from databus.access import oauth, tokens
from databus.access.attempts import TOKENS, Attempts
from databus.access.callers import caller_of
from databus.access.secrets import Hashing
from databus.access.signing import signing_key
from databus.audit.trail import Trail
from databus.bootstrap.desk import desk
from databus.bootstrap.foresight import foresight
from databus.bootstrap.parts import Process, beat, main, now, process, registered_codec
from databus.bootstrap.seeing import Seeing
from databus.bus import registry
from databus.bus.journal import Entry, Journal
from databus.bus.lookup import find_keyed, read_many
from databus.bus.registered import Registered
from databus.bus.topics import FINDINGS, inbox
from databus.contract import wire
from databus.contract.codec import Codec
from databus.department import receipt
from databus.department import routes as road
from databus.department.http.intake import Intake
from databus.department.http.retractions import Retracting
from databus.department.receipt import Listed
from databus.department.registry import routes as contracts
from databus.local.keys import department_secret
from databus.model.disclosure import Caller, Role
from databus.model.finding import Answer
from databus.policy.opa import OpaDecider
from databus.quality import routes as answering
from databus.quality import waiving as waivers
from databus.quality.waiving import Waiving
from databus.settings import Settings
from databus.store import accounts, batches, database, findings
from databus.store.counts import Counts
from databus.store.present import present
from databus.store.replies import Replies
from databus.store.sessions import Pool
from databus.telemetry import Health, routes, serve, stop_signal
from databus.web.application import application
from databus.web.limits import Limited, Limits, address_of
from databus.web.pages import load_pages

AUDIENCE = "intake"


def run(settings: Settings) -> int:
    """Serve until told to stop; the exit code."""
    made = process("intake", settings)
    return main("intake", lambda: _serve(made))


async def _serve(made: Process) -> int:
    stop, health = stop_signal(), Health()
    async with AsyncExitStack() as open_parts:
        pool = await database.connect(made.settings.postgres.dsn.get_secret_value())
        open_parts.push_async_callback(pool.close)
        journal = await open_parts.enter_async_context(Journal(made.address))
        registered = Registered(partial(registry.entries, made.address))
        await registered.entries()
        codec = await asyncio.to_thread(registered_codec, made.address)
        decider = OpaDecider(made.settings.opa.url, made.keys.read("opa.token"), made.settings.opa.timeout_seconds)
        await open_parts.enter_async_context(decider)
        app = _application(made, pool=pool, registered=registered, journal=journal, codec=codec, decider=decider)
        app.routes[:0] = routes(health, made.metrics)
        health.ready = True
        beating = asyncio.create_task(beat(health))
        open_parts.callback(beating.cancel)
        await serve(app, port=made.settings.intake.port, setting="DATABUS_INTAKE__PORT", stop=stop)
    return 0


def _application(made: Process, *, pool: Pool, registered: Registered, journal: Journal, codec: Codec, decider: OpaDecider) -> FastAPI:
    settings, pages = made.settings, load_pages()
    url = settings.intake.public_url or f"http://127.0.0.1:{settings.intake.port}"
    signing = tokens.signing(made.keys.read("token-signing.pem"), issuer=url, audience=AUDIENCE)
    key = signing_key(made.keys.read("receipt-signing.pem"), purpose="receipts")
    platform_key = bytes.fromhex(made.keys.read("platform.hmac"))

    async def caller(request: Request) -> Caller:
        return caller_of(request.headers.get("authorization"), signing=signing, clock=now)

    def sign(listed: Sequence[Listed], *, department: str, source_sha256: str) -> dict[str, Any]:
        at = int(now().timestamp() * 1000)
        told = receipt.statement(listed, issuer=url, department=department, topic=inbox(department), source_sha256=source_sha256, now=at)
        return receipt.sign(told, listed, key)

    intake = Intake(
        contract=made.contract,
        codec=codec,
        callers=caller,
        clock=now,
        inbox=journal,
        replies=Replies(pool),
        sign=sign,
        secret=partial(department_secret, made.keys),
        foresee=foresight(made.contract, codec, standing=partial(present, pool), decider=decider, clock=now),
        prove=foresight(made.contract, codec, standing=None, decider=None, clock=now, platform_key=platform_key),
    )
    reader = partial(read_many, made.address)
    verify = partial(receipt.verify, keys={str(key.kid): key})
    retracting = Retracting(intake, partial(batches.batch, pool), verify, reader)
    publishing = road.router(intake, reader=reader, retracting=retracting)

    async def tell(answer: Answer) -> None:
        await journal.append(FINDINGS, answer.department.encode(), wire.encode_answer(codec, answer))

    found = answering.Ports(
        page=partial(findings.page, pool),
        story=partial(findings.story, pool),
        tell=tell,
        callers=caller,
        contract=made.contract,
        clock=now,
        key=bytes.fromhex(made.keys.read("cursor.key")),
    )

    async def publish(department: str, entry: Entry) -> None:
        await journal.append(inbox(department), entry.key, entry.value, headers=entry.headers)

    trail = Trail(journal, codec)
    seeing = Seeing(made.contract, decider, trail, now)
    waiving = Waiving(
        story=partial(findings.story, pool),
        keyed=partial(find_keyed, made.address),
        record=trail.record,
        publish=publish,
        key=signing_key(made.keys.read("waiver-signing.pem"), purpose="waivers"),
        quarantine_key=bytes.fromhex(made.keys.read("quarantine.key")),
        clock=now,
    )
    published = [key.as_dict(private=False)]
    hashing = Hashing()
    counts = Counts(pool)
    access = oauth.router(
        find=partial(accounts.find, pool),
        hashing=hashing,
        signing=signing,
        clock=now,
        attempts=Attempts(counts, now, TOKENS),
        address=address_of,
        published=published,
    )
    office = desk(
        made,
        pool=pool,
        pages=pages,
        hashing=hashing,
        tell=tell,
        url=url,
        intake=intake,
        retracting=retracting,
        waiving=waiving,
        seeing=seeing,
    )
    told = "How departments publish, and what is said to them"
    limited = Middleware(Limited, limits=Limits(_quotas(settings), counts, now), callers=caller, pages=pages)
    parts = [publishing, answering.router(found), waivers.router(waiving, caller), access, office]
    app = application(parts, pages=pages, title="databus intake", version="1", summary=told, within=[limited])
    app.mount("/registry", contracts.application(registered))
    return app


def _quotas(settings: Settings) -> dict[Role, int]:
    """Requests a minute, by role; an agency has no business here and asks like anybody."""
    told = settings.intake
    office = dict.fromkeys((Role.STEWARD, Role.OFFICER), told.rate_office)
    return {Role.PUBLIC: told.rate_public, Role.AGENCY: told.rate_public, Role.DEPARTMENT: told.rate_department, **office}
