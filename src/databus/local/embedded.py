"""The engines this machine runs itself, in the order of their start, prepared and described as parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from databus.local.addresses import Port
from databus.local.engines import kafka, opa, postgres
from databus.local.keys import Keys
from databus.local.processes import Part
from databus.local.provision.plan import Engines, Wanted
from databus.settings import Settings, inherited


@dataclass(frozen=True)
class Engine:
    """A part and what remains to be done once it is up."""

    part: Part
    started: Callable[[], None] = lambda: None


def wanted(settings: Settings) -> Wanted:
    """Those that no setting replaces by an address."""
    return Wanted(kafka=not settings.kafka.bootstrap, opa=not settings.opa.url, postgres=not settings.postgres.dsn.get_secret_value())


def ports(settings: Settings, need: Wanted) -> Iterator[Port]:
    """Every port of an engine that starts here."""
    if need.postgres:
        yield Port(settings.postgres.port, "DATABUS_POSTGRES__PORT", "PostgreSQL")
    if need.kafka:
        yield Port(settings.kafka.port, "DATABUS_KAFKA__PORT", "Kafka")
        yield Port(settings.kafka.port + 1, "DATABUS_KAFKA__PORT", "Kafka's controller (the port after the broker's)")
    if need.opa:
        yield Port(settings.opa.port, "DATABUS_OPA__PORT", "OPA")


def engines(settings: Settings, keys: Keys, programs: Engines, sockets: Path, *, policies: Path | None = None) -> list[Engine]:
    """Prepare the folders (the first time they are formatted) and describe the processes.

    `policies` lets OPA read a folder instead of the gateway's bundle.
    """
    home, found = settings.home, []
    if programs.postgres:
        found.append(_postgres(settings, keys, programs.postgres, sockets))
    if programs.java and programs.kafka_libs:
        java, libs, environment, port = programs.java, programs.kafka_libs, inherited(), settings.kafka.port
        kafka.prepare(home, port=port, java=java, libs=libs, keys=keys, environment=environment)
        found.append(Engine(kafka.part(home, port=port, java=java, libs=libs, environment=environment)))
    if programs.opa:
        opa.prepare(home, gateway_port=settings.gateway.port, keys=keys)
        part = opa.part(home, port=settings.opa.port, opa=programs.opa, keys=keys, environment=inherited(), policies=policies)
        found.append(Engine(part))
    return found


def _postgres(settings: Settings, keys: Keys, binaries: Path, sockets: Path) -> Engine:
    home, port, who = settings.home, settings.postgres.port, postgres.identity(binaries)
    postgres.prepare(home, binaries=binaries, who=who)

    def started() -> None:
        postgres.ensure_database(
            sockets, port=port, binaries=binaries, database=settings.postgres.database, password=keys.read("postgres.password")
        )

    return Engine(postgres.part(home, sockets, port=port, binaries=binaries, who=who), started)
