"""Real engines for tests: one set per session in a home of its own, isolated by prefix and database."""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import SecretStr
from rich.console import Console

from databus.contract import catalogue
from databus.contract.catalogue import Contract
from databus.local import embedded, home, keys, processes
from databus.local.addresses import require_free
from databus.local.aside import settings_aside
from databus.local.connections import connected
from databus.local.engines import postgres
from databus.local.provision import plan
from databus.local.provision import postgres as postgres_program
from databus.settings import CHECKOUT, Bus, Settings, inherited
from databus.store import database
from databus.store.sessions import Pool

DEPARTMENTS = tuple(row["slug"] for row in yaml.safe_load((CHECKOUT / "schemas" / "codes" / "departments.yaml").read_text("utf-8")))


@asynccontextmanager
async def store_at(dsn: SecretStr, contract: Contract | None = None) -> AsyncIterator[Pool]:
    """Connections to the database at that address, made ready for a contract, else for the shipped one."""
    await database.migrate(dsn.get_secret_value(), contract or catalogue.load(CHECKOUT / "schemas"))
    pool = await database.connect(dsn.get_secret_value(), size=4)
    try:
        yield pool
    finally:
        await pool.close()


@dataclass(frozen=True)
class Engines:
    """`settings` point at the running engines as Kafka's `admin` and PostgreSQL's plain role."""

    settings: Settings
    keys: keys.Keys
    home: Path
    sockets: Path

    def fresh_database(self) -> SecretStr:
        """An empty database of its own; the address for asyncpg."""
        port, name, password = self.settings.postgres.port, f"t_{uuid.uuid4().hex[:12]}", self.keys.read("postgres.password")
        binaries = postgres_program.binaries()
        postgres.ensure_database(self.sockets, port=port, binaries=binaries, database=name, password=password)
        return SecretStr(postgres.dsn(port=port, database=name, password=password))

    def isolated(self) -> Settings:
        """The same engines under a random prefix and with a database of its own."""
        parts = {
            "bus": Bus(prefix=f"t{uuid.uuid4().hex[:8]}."),
            "postgres": self.settings.postgres.model_copy(update={"dsn": self.fresh_database()}),
        }
        return self.settings.model_copy(update=parts)

    def as_user(self, settings: Settings, user: str) -> Settings:
        """The same settings as another Kafka user, e.g. a department."""
        secret = SecretStr(self.keys.kafka_password(user))
        return settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"username": user, "password": secret})})


def local_settings(folder: Path, **gateway: object) -> Settings:
    """Settings of a stack of its own: home in `folder`, every port free; `gateway` are settings of that branch."""
    made = settings_aside(folder)
    return made.model_copy(update={"gateway": made.gateway.model_copy(update=gateway)})


@contextmanager
def running_engines(settings: Settings, departments: tuple[str, ...] = DEPARTMENTS) -> Iterator[Engines]:
    """Kafka, PostgreSQL and OPA (reading the policies folder), without our services."""
    need = embedded.wanted(settings)
    programs = plan.provide(settings.cache, need, env=inherited(), console=Console(stderr=True))
    secrets = keys.ensure(settings.home, departments, data_exists=home.has_data(settings.home))
    home.require_usable(settings.home)
    require_free(embedded.ports(settings, need))
    with tempfile.TemporaryDirectory(prefix="dbus-") as sockets:
        found = embedded.engines(settings, secrets, programs, Path(sockets), policies=settings.policies)
        children: list[processes.Child] = []
        try:
            children += [processes.spawn(engine.part.command) for engine in found]
            for engine, child in zip(found, children, strict=True):
                await_ready(engine.part, child)
                engine.started()
            yield Engines(connected(settings, secrets, "admin"), secrets, settings.home, Path(sockets))
        finally:
            for child in reversed(children):
                processes.end([child], 20.0)


def await_ready(part: processes.Part, child: processes.Child) -> None:
    """Wait for one part; its own last words when it has died."""
    deadline = time.monotonic() + part.start_seconds
    while not part.ready(child):
        if child.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{part.name} did not start:\n{child.tail()}")
        time.sleep(0.05)
