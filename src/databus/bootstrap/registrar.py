"""The registrar: topics, users and permissions, schemas, database, policy bundle, the sample clients. Safe to repeat."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from rich.console import Console

from databus.access import accounts, samples
from databus.access.secrets import Hashing
from databus.bootstrap.parts import Process, main, process
from databus.bus import admin, generations, registry
from databus.local.provision.opa import opa
from databus.policy import bundle
from databus.settings import Settings, inherited
from databus.store import database

SUPER_USERS = frozenset({"admin", "registrar"})

log = logging.getLogger(__name__)


def run(settings: Settings) -> int:
    """Register everything, then exit."""
    made = process("registrar", settings)
    return main("registrar", lambda: _register(made))


async def _register(made: Process) -> int:
    made = replace(made, address=await generations.first_or_present(made.address))
    await asyncio.to_thread(_on_the_bus, made)
    dsn = made.settings.postgres.dsn.get_secret_value()
    applied = await database.migrate(dsn, made.contract)
    log.info("database ready", extra={"applied": list(applied)})
    await asyncio.to_thread(_bundle, made)
    pool = await database.connect(dsn, size=2)
    try:
        await accounts.create_samples(pool, samples.clients(made.contract.departments), keys=made.keys.folder, hashing=Hashing())
    finally:
        await pool.close()
    return 0


def _on_the_bus(made: Process) -> None:
    users = [user for user in made.keys.kafka_users() if user not in SUPER_USERS]
    admin.provision(
        made.address,
        departments=tuple(made.contract.departments),
        passwords={user: made.keys.kafka_password(user) for user in users},
        inbox_segment_ms=made.settings.bus.inbox_segment_seconds * 1000,
    )
    registry.register(made.address, made.contract.schemas)
    log.info("bus ready", extra={"users": len(users), "schemas": len(made.contract.schemas)})


def _bundle(made: Process) -> None:
    settings = made.settings
    built = bundle.build(
        settings.policies,
        contract=made.contract,
        opa=opa(settings.cache, env=inherited(), console=Console(stderr=True)),
        signing_key=made.keys.path("bundle-signing.pem"),
        target=settings.home / "bundle" / "databus.tar.gz",
    )
    log.info("bundle ready", extra={"file": built.name})
