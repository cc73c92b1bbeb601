"""PostgreSQL from the wheel's binaries, as a foreground child with a launcher of our own.

PostgreSQL refuses to run as root. There a user namespace maps root to a plain user, so that the files stay root's
and nothing else on the machine changes; where namespaces are forbidden it runs as `nobody` in a folder given to it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from databus import errors
from databus.local.addresses import LOOPBACK, listens
from databus.local.processes import Command, Part

ROLE = "databus"
_NOBODY = 65534
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}
_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
_HELP = "Run as a plain user, or set DATABUS_POSTGRES__DSN to a PostgreSQL of your own."


@dataclass(frozen=True)
class Identity:
    """How PostgreSQL is run here: a command prefix, or another user id, or neither."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None


def identity(binaries: Path) -> Identity:
    """Choose how to run: as we are, in a user namespace, or as `nobody`.

    Raises:
        errors.EngineMissing: we are root and neither way is open.
    """
    if os.geteuid() != 0:
        return Identity()
    version = (str(binaries / "postgres"), "--version")
    if shutil.which("unshare") and _runs((*_NAMESPACE, *version), None):
        return Identity(prefix=_NAMESPACE)
    if _runs(version, _NOBODY):
        return Identity(uid=_NOBODY)
    raise errors.EngineMissing(
        f"PostgreSQL does not run as root, user namespaces are not allowed here, and {binaries} is closed to other users. {_HELP}",
        engine="postgres",
        setting="DATABUS_POSTGRES__DSN",
    )


def _runs(argv: tuple[str, ...], uid: int | None) -> bool:
    try:
        return _run(argv, uid).returncode == 0
    except OSError:
        return False


def _run(argv: tuple[str, ...], uid: int | None, text: str = "") -> subprocess.CompletedProcess[str]:
    extra: dict[str, object] = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
    return subprocess.run(argv, input=text, env=_ENVIRONMENT, cwd="/", capture_output=True, text=True, check=False, **extra)  # type: ignore[call-overload,no-any-return]


def prepare(home: Path, *, binaries: Path, who: Identity) -> None:
    """Make the cluster the first time; no collation but code points, so that it means the same everywhere.

    Raises:
        errors.EngineMissing: initdb failed; the detail has its last lines.
    """
    if formatted(home):
        return
    data = home / "postgres"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if who.uid is not None:
        home.chmod(0o711)
        os.chown(data, who.uid, who.uid)
        _require_path(data, who.uid)
    locale = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8")
    auth = ("--auth-local=trust", "--auth-host=scram-sha-256")
    done = _run((*who.prefix, str(binaries / "initdb"), "-D", str(data), "-U", "postgres", *auth, *locale), who.uid)
    if done.returncode:
        last = " / ".join(done.stderr.strip().splitlines()[-3:])
        raise errors.EngineMissing(f"PostgreSQL could not make {data}: {last}. {_HELP}", engine="postgres", setting="DATABUS_POSTGRES__DSN")


def _require_path(data: Path, uid: int) -> None:
    if not _runs(("test", "-x", str(data)), uid):
        raise errors.EngineMissing(
            f"PostgreSQL must run as another user here, and {data} lies in a folder closed to it. "
            f"Set DATABUS_HOME to a folder others may enter. {_HELP}",
            engine="postgres",
            setting="DATABUS_HOME",
        )


def formatted(home: Path) -> bool:
    """Whether this home already holds PostgreSQL's data."""
    return (home / "postgres" / "PG_VERSION").exists()


def part(home: Path, sockets: Path, *, port: int, binaries: Path, who: Identity, settings: Mapping[str, str] | None = None) -> Part:
    """The server as a process. `sockets` must be short (a socket's path has at most 107 bytes)."""
    if who.uid is not None:
        os.chown(sockets, who.uid, who.uid)
    options = {
        "listen_addresses": LOOPBACK,
        "port": str(port),
        "unix_socket_directories": str(sockets),
        "max_connections": "120",
        "shared_buffers": "128MB",
        "max_wal_size": "2GB",
        "log_min_messages": "warning",
        **(settings or {}),
    }
    argv = (*who.prefix, str(binaries / "postgres"), "-D", str(home / "postgres"))
    command = Command(
        name="postgres",
        argv=(*argv, *(word for name, value in options.items() for word in ("-c", f"{name}={value}"))),
        env=_ENVIRONMENT,
        log=home / "logs" / "postgres.log",
        stop_signal=signal.SIGINT,
        uid=who.uid,
        folder=home / "postgres",
    )

    def accepts() -> bool:
        return _run((str(binaries / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(port), "-U", ROLE), None).returncode == 0

    def probe() -> bool | None:
        # It may listen for ever without letting anybody in, if what recovers it has gone.
        return (listens(port) and (accepts() or recovering(home))) or None

    return Part(command, f"{LOOPBACK}:{port}", lambda child: accepts(), start_seconds=60.0, stop_seconds=15.0, probe=probe)


def recovering(home: Path) -> bool:
    """Whether a process of it is at work on what was not shut down properly; until then nobody is let in."""
    try:
        server = psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().partition("\n")[0]))
        return any("startup" in "".join(child.cmdline()) for child in server.children())
    except (OSError, ValueError, psutil.Error):
        return False


def query(sockets: Path, *, port: int, binaries: Path, sql: str, database: str = "postgres") -> str:
    """Run SQL as the superuser over the socket; rows as unaligned text.

    Raises:
        errors.StoreUnavailable: PostgreSQL refused it or is away.
    """
    flags = ("-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1")
    done = _run((str(binaries / "psql"), *flags, "-h", str(sockets), "-p", str(port), "-U", "postgres", "-d", database), None, sql)
    if done.returncode:
        raise errors.StoreUnavailable(f"PostgreSQL refused the first statements: {done.stderr.strip()}")
    return done.stdout.strip()


def ensure_database(sockets: Path, *, port: int, binaries: Path, database: str, password: str) -> None:
    """The role of our services (a plain one, so that row security holds) and its database; safe to repeat."""

    def ask(sql: str) -> str:
        return query(sockets, port=port, binaries=binaries, sql=sql)

    if not ask(f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'"):
        ask(f"CREATE ROLE {ROLE} LOGIN")
    ask(f"ALTER ROLE {ROLE} PASSWORD '{password}'")
    name = database.replace('"', '""')
    if not ask("SELECT 1 FROM pg_database WHERE datname = '{}'".format(database.replace("'", "''"))):
        ask(f'CREATE DATABASE "{name}" OWNER {ROLE}')


def dsn(*, port: int, database: str, password: str) -> str:
    """Address of a database for asyncpg, as the plain role."""
    return f"postgresql://{ROLE}:{password}@{LOOPBACK}:{port}/{database}"
