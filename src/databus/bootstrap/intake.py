"""The intake: what departments reach by HTTP, and the registry for every Kafka client."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

from fastapi import FastAPI

from databus.access import oauth, tokens
from databus.access.secrets import Hashing
from databus.bootstrap.parts import Process, beat, main, now, process
from databus.bus import registry
from databus.bus.registered import Registered
from databus.department.registry import routes as contracts
from databus.settings import Settings
from databus.store import accounts, database
from databus.store.sessions import Pool
from databus.telemetry import Health, routes, serve, stop_signal
from databus.web.application import application
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
        registered = Registered(partial(registry.entries, made.address))
        await registered.entries()
        app = _application(made, pool=pool, registered=registered)
        app.routes[:0] = routes(health, made.metrics)
        health.ready = True
        beating = asyncio.create_task(beat(health))
        open_parts.callback(beating.cancel)
        await serve(app, port=made.settings.intake.port, setting="DATABUS_INTAKE__PORT", stop=stop)
    return 0


def _application(made: Process, *, pool: Pool, registered: Registered) -> FastAPI:
    settings, pages = made.settings, load_pages()
    url = settings.intake.public_url or f"http://127.0.0.1:{settings.intake.port}"
    signing = tokens.signing(made.keys.read("token-signing.pem"), issuer=url, audience=AUDIENCE)
    access = oauth.router(find=partial(accounts.find, pool), hashing=Hashing(), signing=signing, clock=now)
    app = application(
        [access], pages=pages, title="databus intake", version="1", summary="How departments publish, and what is said to them"
    )
    app.mount("/registry", contracts.application(registered))
    return app
