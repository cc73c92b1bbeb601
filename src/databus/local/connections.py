"""How the processes of this machine reach the engines, and the environment each of them gets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, SecretStr

from databus.local.addresses import LOOPBACK
from databus.local.engines import postgres
from databus.local.keys import Keys
from databus.settings import Settings, inherited

EMBEDDED_SEGMENT_SECONDS = 10


@dataclass(frozen=True)
class Connections:
    """Addresses of the engines in use, embedded or your own."""

    bootstrap: str
    opa_url: str
    dsn: SecretStr


def connections(settings: Settings, keys: Keys) -> Connections:
    """Your own addresses where set, else those of the embedded engines."""
    own = settings.postgres.dsn.get_secret_value()
    return Connections(
        bootstrap=settings.kafka.bootstrap or f"{LOOPBACK}:{settings.kafka.port}",
        opa_url=settings.opa.url or f"http://{LOOPBACK}:{settings.opa.port}",
        dsn=SecretStr(
            own or postgres.dsn(port=settings.postgres.port, database=settings.postgres.database, password=keys.read("postgres.password"))
        ),
    )


def connected(settings: Settings, keys: Keys, user: str) -> Settings:
    """The settings of one process: every address filled in, and its own Kafka user.

    The sample province spans five years, so on the embedded broker the checker believes told times; and a secret sent to
    it leaves the disk within a minute.
    """
    facts = connections(settings, keys)
    secret = settings.kafka.password.get_secret_value()
    if not settings.kafka.bootstrap:
        secret = secret or keys.kafka_password(user)
    kafka = {"bootstrap": facts.bootstrap, "username": settings.kafka.username or user, "password": SecretStr(secret)}
    embedded = not settings.kafka.bootstrap
    told_time = settings.checker.told_time or embedded
    segment = min(settings.bus.inbox_segment_seconds, EMBEDDED_SEGMENT_SECONDS) if embedded else settings.bus.inbox_segment_seconds
    parts = {
        "bus": settings.bus.model_copy(update={"inbox_segment_seconds": segment}),
        "checker": settings.checker.model_copy(update={"told_time": told_time}),
        "kafka": settings.kafka.model_copy(update=kafka),
        "opa": settings.opa.model_copy(update={"url": facts.opa_url}),
        "postgres": settings.postgres.model_copy(update={"dsn": facts.dsn}),
    }
    return settings.model_copy(update=parts)


def environment(settings: Settings, keys: Keys, process: str) -> dict[str, str]:
    """All variables of a service: what this process has, then every setting spelt out, then its own connections.

    Faust's compiled parts stay off: the batch driver replaces methods that they bypass.
    """
    return {**inherited(), **variables(connected(settings, keys, process)), "NO_CYTHON": "1", "PYTHONUNBUFFERED": "1"}


def variables(settings: Settings) -> dict[str, str]:
    """A settings tree as `DATABUS_*` variables, so that a child sees exactly these."""
    return {f"DATABUS_{'__'.join(path).upper()}": text for path, text in _leaves(settings, ())}


def _leaves(branch: BaseModel, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for name in type(branch).model_fields:
        value = getattr(branch, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, (*path, name))
        elif isinstance(value, SecretStr):
            yield (*path, name), value.get_secret_value()
        elif isinstance(value, bool | int | float | str | Path):
            yield (*path, name), str(value)
