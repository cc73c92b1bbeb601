"""The registrar's work on the broker: topics, users and permissions. Safe to repeat."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from kafka.errors import KafkaError

from databus.bus import topics
from databus.bus.address import BusAddress
from databus.bus.grants import Grant, grants
from databus.bus.topics import Topic
from databus.errors import BusUnavailable, Misconfigured

# The least Kafka accepts. The passwords are 192 random bits; stretching them would only slow each connection.
_ITERATIONS = 4096
_READY_MS = 30_000


def provision(
    address: BusAddress,
    *,
    departments: Iterable[str],
    passwords: Mapping[str, str],
    inbox_segment_ms: int = topics.INBOX_SEGMENT_MS,
    trail_ms: int = -1,
    replication: int = -1,
) -> None:
    """Create what is missing and wait until it can be used.

    `passwords` maps users to SCRAM passwords; a user not named keeps the one it has. `replication` -1 is the broker's default.
    Runs as a user that may alter the cluster.

    Raises:
        Misconfigured: a topic exists with another number of partitions, or the broker refused a permission or a user.
        BusUnavailable: the broker does not answer.
    """
    slugs = tuple(departments)
    wanted = topics.table(slugs, inbox_segment_ms=inbox_segment_ms, trail_ms=trail_ms)
    try:
        with closing(KafkaAdminClient(**address.kafka_python())) as admin:
            _users(admin, passwords)
            _topics(admin, address, wanted, replication)
            _permissions(admin, address, grants(slugs))
            # The controller answers before the broker has heard of it; a service started at once would be refused.
            _await(lambda: _missing_users(admin, passwords), "users")
            _await(lambda: _missing_permissions(admin, address, grants(slugs)), "permissions")
    except (KafkaError, OSError) as error:
        raise BusUnavailable(f"the broker could not be set up: {type(error).__name__}: {error}", bootstrap=address.bootstrap) from error


def _topics(admin: Any, address: BusAddress, wanted: Sequence[Topic], replication: int) -> None:
    known = set(admin.list_topics())
    names = {address.topic(topic.name): topic for topic in wanted}
    present = [name for name in names if name in known]
    counts = {found["name"]: len(found["partitions"]) for found in admin.describe_topics(present)} if present else {}
    for name in present:
        _require_count(name, counts[name], names[name].partitions)
    missing = {name: topic for name, topic in names.items() if name not in known}
    if missing:
        admin.create_topics({name: _creation(topic, replication) for name, topic in missing.items()})
    if present:
        resources = [ConfigResource("TOPIC", name, dict(names[name].configs)) for name in present]
        _require_ok("setting", admin.alter_configs(resources, raise_on_unknown=False).get("topic", {}), fine="OK")
    admin.wait_for_topics(list(names), timeout_ms=_READY_MS)


def _creation(topic: Topic, replication: int) -> dict[str, object]:
    return {"num_partitions": topic.partitions, "replication_factor": replication, "configs": dict(topic.configs)}


def _require_count(name: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise Misconfigured(
            f"Topic {name} has {found} partitions and needs {wanted}; the partition of a key is fixed when its topic is made. "
            "Set DATABUS_BUS__PREFIX to begin beside it, or delete the topic if what it holds may be lost.",
            topic=name,
            found=found,
            wanted=wanted,
        )


def _users(admin: Any, passwords: Mapping[str, str]) -> None:
    if passwords:
        credentials = [
            UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_256, password, iterations=_ITERATIONS)
            for user, password in sorted(passwords.items())
        ]
        _require_ok("user", admin.alter_user_scram_credentials(credentials), fine=None)


def _permissions(admin: Any, address: BusAddress, wanted: Iterable[Grant]) -> None:
    missing = _missing_permissions(admin, address, wanted)
    failed = admin.create_acls(missing)["failed"] if missing else []
    if failed:
        raise Misconfigured(f"the broker refused {len(failed)} permissions: {failed[0]}", error=str(failed[0]))


def _missing_permissions(admin: Any, address: BusAddress, wanted: Iterable[Grant]) -> list[Any]:
    have = {_identity(acl) for acl in _existing(admin)}
    return [acl for acl in (_acl(address, grant) for grant in sorted(wanted)) if _identity(acl) not in have]


def _missing_users(admin: Any, passwords: Mapping[str, str]) -> list[str]:
    have = admin.describe_user_scram_credentials()
    return [user for user in passwords if user not in have]


def _await(missing: Callable[[], Sequence[object]], what: str) -> None:
    deadline = time.monotonic() + _READY_MS / 1000
    while left := missing():
        if time.monotonic() > deadline:
            raise BusUnavailable(f"the broker has not taken over {len(left)} {what} in {_READY_MS // 1000} s")
        time.sleep(0.02)


def _existing(admin: Any) -> list[Any]:
    every = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    found, _ = admin.describe_acls(ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, every))
    return list(found)


def _acl(address: BusAddress, grant: Grant) -> Any:
    pattern = ACLResourcePatternType.PREFIXED if grant.begins else ACLResourcePatternType.LITERAL
    resource = ResourcePattern(ResourceType[grant.kind], address.topic(grant.name), pattern)
    return ACL(f"User:{grant.user}", "*", ACLOperation[grant.operation], ACLPermissionType.ALLOW, resource)


def _identity(acl: Any) -> tuple[object, ...]:
    resource = acl.resource_pattern
    return (acl.principal, acl.operation, acl.permission_type, resource.resource_type, resource.resource_name, resource.pattern_type)


def _require_ok(what: str, results: Mapping[str, str | None], *, fine: str | None) -> None:
    for name, said in results.items():
        if said != fine:
            raise Misconfigured(f"the broker refused the {what} {name}: {said}", name=name, said=said)
