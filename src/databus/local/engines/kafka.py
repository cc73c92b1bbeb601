"""One Kafka node in KRaft mode with SCRAM users and ACLs from its first start."""

from __future__ import annotations

import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from databus import errors
from databus.local.addresses import LOOPBACK, listens
from databus.local.keys import Keys
from databus.local.processes import Child, Command, Part

# A record may have 4 MiB; the limit counts the batch around it too.
MAX_BATCH_BYTES = 4 * 1024 * 1024 + 64 * 1024
_STARTED = "Kafka Server started"
# The second compiler takes more of two cores in the first minutes than it ever gives back here: half of the broker's time.
_HEAP = ("-Xms256m", "-Xmx768m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError")
_FIXED = f"""\
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENT
listener.security.protocol.map=CONTROLLER:SASL_PLAINTEXT,CLIENT:SASL_PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-256
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-256
sasl.mechanism.controller.protocol=PLAIN
listener.name.controller.sasl.enabled.mechanisms=PLAIN
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:registrar
allow.everyone.if.no.acl.found=false
auto.create.topics.enable=false
num.partitions=3
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
message.max.bytes={MAX_BATCH_BYTES}
replica.fetch.max.bytes={MAX_BATCH_BYTES}
log.retention.check.interval.ms=5000
log.segment.delete.delay.ms=1000
log.cleaner.backoff.ms=5000
log.cleaner.dedupe.buffer.size=33554432
"""
_LOGGING = """\
<Configuration status="WARN">
  <Appenders>
    <Console name="out"><PatternLayout pattern="%d{ISO8601} %p %c{2} %m%n"/></Console>
  </Appenders>
  <Loggers>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
    <Logger name="kafka.authorizer.logger" level="INFO"/>
    <Root level="WARN"><AppenderRef ref="out"/></Root>
  </Loggers>
</Configuration>
"""


def prepare(home: Path, *, port: int, java: Path, libs: Path, keys: Keys, environment: Mapping[str, str]) -> None:
    """Write the configuration and, the first time, format the data folder.

    Raises:
        errors.EngineMissing: the format step failed; the detail has its last lines.
    """
    folder = home / "kafka"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    properties = folder / "server.properties"
    properties.touch(mode=0o600)
    properties.write_text(_properties(folder, port=port, password=keys.kafka_password("admin")))
    (folder / "log4j2.xml").write_text(_LOGGING)
    if formatted(home):
        return
    users = " ".join(f"--add-scram SCRAM-SHA-256=[name={user},password={keys.kafka_password(user)}]" for user in ("admin", "registrar"))
    cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
    arguments = folder / "format.arguments"
    arguments.touch(mode=0o600)
    # An argument file keeps the passwords off the process list.
    arguments.write_text(f'-cp "{libs}/*" -Dlog4j2.configurationFile="{folder}/log4j2.xml" kafka.tools.StorageTool format '
                         f'-t {cluster} -c "{properties}" --standalone {users}\n')  # fmt: skip
    try:
        done = subprocess.run(
            [java, f"@{arguments}"], env=dict(environment), cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
    finally:
        arguments.unlink()
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-3:]
        raise errors.EngineMissing(
            f"Kafka could not format {folder}: {' / '.join(last)}", engine="kafka", setting="DATABUS_KAFKA__BOOTSTRAP"
        )


def formatted(home: Path) -> bool:
    """Whether this home already holds Kafka's data."""
    return (home / "kafka" / "data" / "meta.properties").exists()


def part(home: Path, *, port: int, java: Path, libs: Path, environment: Mapping[str, str]) -> Part:
    """The broker as a process; ready when its own log says so and its port accepts."""
    folder = home / "kafka"
    logging = f"-Dlog4j2.configurationFile={folder}/log4j2.xml"
    command = Command(
        name="kafka",
        argv=(str(java), *_HEAP, logging, "-cp", f"{libs}/*", "kafka.Kafka", str(folder / "server.properties")),
        env=environment,
        log=home / "logs" / "kafka.log",
    )

    def ready(child: Child) -> bool:
        return _STARTED in child.lines() and listens(port)

    return Part(command, f"{LOOPBACK}:{port}", ready, start_seconds=90.0, stop_seconds=25.0, probe=lambda: listens(port) or None)


def _properties(folder: Path, *, port: int, password: str) -> str:
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule"
    who = f'username="admin" password="{password}"'
    return _FIXED + "\n".join(
        (
            f"listeners=CLIENT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{port + 1}",
            f"advertised.listeners=CLIENT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{port + 1}",
            f"controller.quorum.bootstrap.servers={LOOPBACK}:{port + 1}",
            f"log.dirs={folder / 'data'}",
            f"listener.name.client.scram-sha-256.sasl.jaas.config={scram} required {who};",
            f'listener.name.controller.plain.sasl.jaas.config={plain} required {who} user_admin="{password}";',
            "",
        )
    )
