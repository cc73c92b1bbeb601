"""The table of design 6, held against what the design promises."""

from databus.bus import topics
from databus.bus.address import BusAddress
from databus.bus.grants import READ, WRITE, grants


def test_counts_and_times_of_the_design() -> None:
    table = {topic.name: topic for topic in topics.table(("tax", "court"), inbox_segment_ms=10_000)}
    counts = {"in.tax": 3, "quarantine.court": 3, "events": 12, "changes": 12, "registers": 12, "findings": 3, "permits": 1, "_schemas": 1}
    assert {name: table[name].partitions for name in counts} == counts
    assert table["in.tax"].configs["segment.ms"] == "10000"
    assert table["in.tax"].configs["message.timestamp.type"] == "LogAppendTime"
    assert table["events"].configs["cleanup.policy"] == "compact"
    assert int(table["changes"].configs["retention.ms"]) == 400 * 86_400_000
    assert int(table["events"].configs["max.message.bytes"]) > int(table["in.tax"].configs["max.message.bytes"])


def test_only_those_the_design_names_touch_events_and_registers() -> None:
    found = grants(("tax", "court"))

    def users(topic: str, operation: str) -> set[str]:
        return {grant.user for grant in found if (grant.kind, grant.name, grant.operation) == ("TOPIC", topic, operation)}

    assert users("in.tax", WRITE) == {"tax", "intake", "checker"}
    assert users("in.tax", READ) == {"checker", "intake"}  # a receipt is signed over what lies there
    assert users("in.tax", "DELETE") == {"checker"}
    assert users("events", WRITE) == {"checker", "profiler", "registrar", "eraser"}
    assert users("events", READ) == {"profiler", "rebuild", "eraser", "operator"}
    assert users("registers", READ) | users("registers", WRITE) == {"profiler", "rebuild"}
    assert users("_schemas", WRITE) == {"registrar"}


def test_no_department_reaches_beyond_its_inbox() -> None:
    reached = {(grant.kind, grant.name, grant.operation) for grant in grants(("tax", "court")) if grant.user == "tax"}
    assert {name for kind, name, _ in reached if kind == "TOPIC"} == {"in.tax", "_schemas"}
    assert not any(kind == "GROUP" for kind, _, _ in reached)


def test_the_prefix_is_the_bus_s_own_business() -> None:
    address = BusAddress("b:1", "tax", "secret", prefix="t1.")
    assert address.bare(address.topic("in.tax")) == "in.tax"
    assert "secret" not in repr(address)
