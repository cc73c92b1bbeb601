"""The environment as one frozen tree. Only this module reads it.

A nested field is set with two underscores: `DATABUS_KAFKA__BOOTSTRAP=broker:9092`.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parents[2]


class Part(BaseModel):
    """One branch of the tree: frozen, and closed to names it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Bus(Part):
    prefix: str = Field(default="", description="put before every topic, group and transactional id")
    inbox_segment_seconds: int = Field(
        default=3600,
        description="age at which an inbox's segment is closed; a refused secret leaves the disk a little later (embedded: 10)",
    )


class Kafka(Part):
    bootstrap: str = Field(default="", description="address of a broker of your own; empty starts the embedded one")
    port: int = Field(default=29092, description="port of the embedded broker (its controller takes the next one)")
    username: str = Field(default="", description="SCRAM user of this process; empty means the process's own name")
    password: SecretStr = Field(default=SecretStr(""), description="SCRAM password; empty reads it from the keys directory")


class Opa(Part):
    url: str = Field(default="", description="address of an OPA of your own; empty starts the embedded one")
    port: int = Field(default=28181, description="port of the embedded OPA")
    timeout_seconds: float = Field(default=1.0, description="after this long without an answer a decision is a refusal")


class Postgres(Part):
    dsn: SecretStr = Field(default=SecretStr(""), description="a PostgreSQL of your own; empty starts the embedded one")
    port: int = Field(default=25432, description="port of the embedded PostgreSQL")
    database: str = Field(default="databus", description="name of the database in the embedded PostgreSQL")


class Intake(Part):
    port: int = Field(default=28090, description="port of the intake: publishing by HTTP, findings, receipts, the registry")
    public_url: str = Field(default="", description="the address departments know; empty means the local one")
    rate_public: int = Field(default=3000, ge=0, description="requests a minute from one address without a token; 0 sets no limit")
    rate_department: int = Field(default=12000, ge=0, description="requests a minute of one department's client; 0 sets no limit")
    rate_office: int = Field(default=6000, ge=0, description="requests a minute of one steward or officer; 0 sets no limit")


class Checker(Part):
    port: int = Field(default=28281, description="port of the checker's health and metrics")
    slot: int = Field(default=0, description="number of this checker; its transactional id is made of it")
    replicas: int = Field(default=1, ge=0, le=10, description="how many checkers this machine runs; each further one at a port 10 higher")
    told_time: bool = Field(default=False, description="believe the header databus-told-time; only on the embedded stack")


class Profiler(Part):
    port: int = Field(default=28282, description="port of the profiler's health and metrics")
    replicas: int = Field(default=1, ge=0, le=10, description="how many profilers this machine runs; each further one at a port 10 higher")


class Projector(Part):
    port: int = Field(default=28283, description="port of the projector's health and metrics")


class Gateway(Part):
    port: int = Field(default=28080, description="port of the gateway: portal, API and OPA's bundle")
    public_url: str = Field(default="", description="the address callers know; empty means the local one")
    plan_seconds: float = Field(default=60.0, description="longest life of a compiled policy decision, in seconds")
    rate_public: int = Field(default=3000, ge=0, description="requests a minute from one address without a token; 0 sets no limit")
    rate_agency: int = Field(default=12000, ge=0, description="requests a minute of one agency's client; 0 sets no limit")
    rate_department: int = Field(default=12000, ge=0, description="requests a minute of one department's client; 0 sets no limit")
    rate_office: int = Field(default=6000, ge=0, description="requests a minute of one steward or officer; 0 sets no limit")


class Settings(BaseSettings):
    """All settings of all processes.

    Raises:
        pydantic.ValidationError: a variable has the wrong form or an unknown name.
    """

    model_config = SettingsConfigDict(env_prefix="DATABUS_", env_nested_delimiter="__", frozen=True, extra="forbid")

    home: Path = Field(default=CHECKOUT / ".databus", description="data, logs and keys of the embedded stack")
    cache: Path = Field(default=Path.home() / ".cache" / "databus", description="downloaded engines, shared by all checkouts")
    contracts: Path = Field(default=CHECKOUT / "schemas", description="the contracts")
    policies: Path = Field(default=CHECKOUT / "policies", description="the policies")
    log_level: str = Field(default="INFO", description="least level that is logged")
    bus: Bus = Field(default_factory=Bus)
    kafka: Kafka = Field(default_factory=Kafka)
    opa: Opa = Field(default_factory=Opa)
    postgres: Postgres = Field(default_factory=Postgres)
    intake: Intake = Field(default_factory=Intake)
    checker: Checker = Field(default_factory=Checker)
    profiler: Profiler = Field(default_factory=Profiler)
    projector: Projector = Field(default_factory=Projector)
    gateway: Gateway = Field(default_factory=Gateway)


def inherited() -> dict[str, str]:
    """The variables a child process needs beside ours: all of this process's own but `DATABUS_*`."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DATABUS_")}  # noqa: TID251
