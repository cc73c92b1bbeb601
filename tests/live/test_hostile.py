"""What a department's own Kafka client may try: garbage, tricks and secrets. Each gets its name, and the good ones pass."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, MessageSizeTooLargeError, TopicAuthorizationFailedError

from databus.bus import topics
from databus.bus.empty import Empty, empty
from databus.bus.topics import INBOX_RECORD_BYTES
from databus.cli import status
from databus.cli.session import Session
from databus.quality.quarantine import open_sealed
from live.drafts import Draft, Firm, firm, licence
from live.feed import lines_of
from live.hostile import DEPARTMENT, GOOD, INBOX, SECRET, Attempt, broken, odd, secrets
from live.line import Live, eventually, producer

pytestmark = pytest.mark.live

DISK_SECONDS = 120.0


@dataclass
class Sent:
    """What was sent, and at which offset of the one partition all of it went to."""

    about: Firm
    hidden: Firm
    partition: int
    attempts: list[Attempt] = field(default_factory=list)
    offsets: dict[str, int] = field(default_factory=dict)
    good: list[Draft] = field(default_factory=list)


@pytest.fixture(scope="module")
def sent(live: Live) -> Sent:
    """Everything sent into one partition by a plain client as the department, a good one around each; judged and at rest."""
    here, about = live.here, firm("敌意")
    made = Sent(about, Firm(firm("机密").uscc, f"长春{SECRET}贸易有限公司"), 0)
    with producer(here.address(DEPARTMENT)) as out:

        def put(attempt: Attempt) -> None:
            if attempt.value is attempt.key is None:
                place = asyncio.run(_send_nothing(here, list(attempt.headers), made.partition))
            else:
                told = {"key": attempt.key, "value": attempt.value, "headers": list(attempt.headers), "partition": made.partition}
                place = out.send(INBOX, **told).get(timeout=60)
            made.offsets[attempt.name] = place.offset
            made.attempts.append(attempt)

        def put_good() -> None:
            draft = licence(here, about, DEPARTMENT, content=f"道路普通货物运输 {GOOD}")
            put(Attempt(f"good {len(made.good)}", draft.body(here), draft.key, tuple(draft.all_headers())))
            made.good.append(draft)

        put_good()
        for attempt in broken(here, about):
            put(attempt)
            put_good()
        for attempt, draft in odd(here, about):
            put(attempt)
            made.good.append(draft)
        for attempt in secrets(here, made.hidden):
            put(attempt)
            put_good()
    live.settled(90.0)
    return made


async def _send_nothing(here: Session, headers: list[tuple[str, bytes]], partition: int) -> Any:
    """A record of neither key nor value, which clients do not send where nobody builds the batch by hand."""
    async with AIOKafkaProducer(**here.address(DEPARTMENT).client()) as out:
        batch = out.create_batch()
        batch.append(timestamp=None, key=None, value=None, headers=headers)
        return await (await out.send_batch(batch, INBOX, partition=partition))


def findings(live: Live, sent: Sent) -> dict[int, list[dict[str, object]]]:
    rows = live.sql(
        "SELECT * FROM findings WHERE department = $1 AND inbox_partition = $2 ORDER BY inbox_offset, rule", DEPARTMENT, sent.partition
    )
    return {offset: [row for row in rows if row["inbox_offset"] == offset] for offset in sent.offsets.values()}


def test_each_is_told_its_rule_and_field(live: Live, sent: Sent) -> None:
    found = findings(live, sent)
    told = {name: {(row["rule"], row["field"]) for row in found[offset]} for name, offset in sent.offsets.items()}
    wrong = {one.name: told[one.name] for one in sent.attempts if one.rule and (one.rule, one.field) not in told[one.name]}
    assert not wrong
    stopped = {row["inbox_offset"] for rows in found.values() for row in rows if row["verdict"] in ("R", "H")}
    assert stopped == {sent.offsets[one.name] for one in sent.attempts if one.rule}


def test_nothing_refused_went_on_and_every_good_one_did(live: Live, sent: Sent) -> None:
    steps = live.sql(
        "SELECT inbox_offset, submission_id FROM steps WHERE department = $1 AND inbox_partition = $2 AND submission_id <> ''",
        DEPARTMENT,
        sent.partition,
    )
    mine = {row["inbox_offset"]: row["submission_id"] for row in steps if row["inbox_offset"] in sent.offsets.values()}
    assert sorted(mine) == sorted(sent.offsets[one.name] for one in sent.attempts if not one.rule)
    assert sorted(mine.values()) == sorted(draft.submission_id for draft in sent.good), (
        "the first of two headers counts, the envelope first"
    )


def test_every_submission_is_accounted_for(live: Live, sent: Sent) -> None:
    total = live.settled(60.0)
    assert total.unaccounted == 0
    assert total.count.refused == sum(one.rule == "DQ-SEC-01" for one in sent.attempts)


def test_one_that_was_never_judged_shows_beside_deleted_secrets_and_the_ends_of_transactions(
    live: Live, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def send(*, commit: bool) -> None:
        draft, address = licence(live.here, sent.about, DEPARTMENT), live.here.address(DEPARTMENT)
        async with AIOKafkaProducer(**address.client(), transactional_id=address.topic(f"{INBOX}.lost")) as out:
            await out.begin_transaction()
            told = {"key": draft.key, "value": draft.body(live.here), "headers": draft.all_headers(), "partition": sent.partition}
            await out.send_and_wait(address.topic(INBOX), **told)
            await (out.commit_transaction() if commit else out.abort_transaction())

    def rest() -> Any:
        told = live.json("status")["reconciliation"]
        return told if told["on_the_way"] == 0 else None

    async def late(*asked: Any) -> Empty:
        await send(commit=False)
        return await empty(*asked)

    for commit in (True, False, True):
        asyncio.run(send(commit=commit))
    live.settled(90.0)
    one = "SELECT min(event_id) FROM findings WHERE submission_id = '' AND rule = 'DQ-FMT-01' AND verdict = 'R'"
    gone = live.sql(f"WITH gone AS (DELETE FROM findings WHERE event_id = ({one}) RETURNING *) SELECT to_jsonb(gone) AS row FROM gone")
    try:
        told = eventually(rest, 60, "nothing is on its way")
        monkeypatch.setattr(status, "empty", late)
        _, moving = status.measured(live.here)
    finally:
        for found in gone:
            live.sql("INSERT INTO findings SELECT (jsonb_populate_record(NULL::findings, $1)).*", found["row"])
    assert gone and (told["unaccounted"], told["untold"]) == (1, 0)
    assert moving and moving.on_the_way > 0, "the end of a transaction that comes meanwhile does not stand for the lost one"
    monkeypatch.undo()
    live.settled(60.0)


def test_a_transaction_left_open_holds_up_its_own_inbox_alone_and_is_told(live: Live, sent: Sent) -> None:
    draft = licence(live.here, sent.about, DEPARTMENT)

    async def open_while(looking: Callable[[], Any]) -> Any:
        address = live.here.address(DEPARTMENT)
        async with AIOKafkaProducer(**address.client(), transactional_id=address.topic(f"{INBOX}.open")) as out, out.transaction():
            told = {"key": draft.key, "value": draft.body(live.here), "headers": draft.all_headers()}
            await out.send_and_wait(address.topic(INBOX), **told)
            return await asyncio.to_thread(looking)

    told = asyncio.run(open_while(lambda: live.json("status")))["reconciliation"]
    assert told["uncommitted"] == {INBOX: 1} and told["unaccounted"] == 0
    eventually(lambda: live.sql("SELECT 1 FROM steps WHERE submission_id = $1", draft.submission_id), 120, "it is taken when that ends")
    assert live.settled(90.0).uncommitted == {}


def test_a_record_too_large_is_the_brokers_refusal_and_the_next_one_passes(live: Live, sent: Sent) -> None:
    draft = licence(live.here, sent.about, DEPARTMENT)
    with producer(live.here.address(DEPARTMENT)) as out:
        with pytest.raises(MessageSizeTooLargeError):
            out.send(INBOX, key=draft.key, value=os.urandom(INBOX_RECORD_BYTES + 1000)).get(timeout=60)
        out.send(INBOX, key=draft.key, value=draft.body(live.here), headers=draft.all_headers()).get(timeout=60)
    eventually(lambda: live.sql("SELECT 1 FROM steps WHERE submission_id = $1", draft.submission_id), 120, "the next one is accepted")


def test_a_department_writes_into_its_own_inbox_alone(live: Live, sent: Sent) -> None:
    body = licence(live.here, sent.about, "taxation").body(live.here)
    with producer(live.here.address(DEPARTMENT), max_block_ms=5000) as out:
        for topic in (name for name in live.topics() if name != INBOX):
            with pytest.raises(KafkaError) as refusal:
                out.send(topic, key=b"k", value=body).get(timeout=60)
            assert isinstance(refusal.value, TopicAuthorizationFailedError), (topic, refusal.value)


def test_a_department_reads_nothing_but_the_contracts(live: Live) -> None:
    consumer = KafkaConsumer(**live.here.address(DEPARTMENT).kafka_python(), enable_auto_commit=False)
    try:
        assert set(consumer.topics()) == {topics.SCHEMAS, INBOX}, "of the others it does not even learn that they are there"
        consumer.assign([TopicPartition(INBOX, 0)])
        with pytest.raises(TopicAuthorizationFailedError):
            consumer.seek(TopicPartition(INBOX, 0), 0)
            for _ in range(20):
                assert not consumer.poll(timeout_ms=250)
    finally:
        consumer.close()


def test_a_secret_leaves_who_and_when_and_nothing_else(live: Live, sent: Sent) -> None:
    found = findings(live, sent)
    for one in sent.attempts:
        if one.rule != "DQ-SEC-01":
            continue
        (row,) = found[sent.offsets[one.name]]
        assert row["observed"] in ("MIMI", "JIMI", "JUEMI", "UNCLEAR") and row["verdict"] == "R"
        assert not row["submission_id"] and not row["fixes"] and not row["record_key"], row
        assert SECRET not in str(row)


@pytest.mark.parametrize("committed", [True, False], ids=["committed", "uncommitted"])
def test_the_secret_is_in_no_topic_read_from_the_start(live: Live, sent: Sent, committed: bool) -> None:
    records = live.log(*live.topics(), committed=committed)
    where = {needle: {one.topic for one in records if needle.encode() in _bytes(one)} for needle in (GOOD, SECRET)}
    assert where[SECRET] == set()
    assert {topics.EVENTS, topics.CHANGES, topics.REGISTERS} <= where[GOOD]


def test_quarantine_keeps_what_was_broken_and_no_secret(live: Live, sent: Sent) -> None:
    key = bytes.fromhex(live.here.keys.read("quarantine.key"))
    records = [one for one in live.log(*(name for name in live.topics() if name.startswith("quarantine."))) if one.value]
    opened = [open_sealed(one.value or b"", key=key) for one in records]
    kept = {one.place: one for one in opened}
    assert not [one for one in opened if SECRET.encode() in one.value + one.key]
    for one in sent.attempts:
        place = f"{INBOX}/{sent.partition}/{sent.offsets[one.name]}"
        assert (place in kept) == (one.rule not in ("", "DQ-SEC-01")), one.name
        if place in kept:
            assert (kept[place].value, kept[place].key) == (one.value or b"", one.key or b""), one.name
            assert one.key is None or len(one.key) < 10 or one.key not in b"".join(record.value or b"" for record in records)


def test_the_secret_is_in_no_table(live: Live, sent: Sent) -> None:
    tables = [row["name"] for row in live.sql("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")]
    found = {
        needle: {name for name in tables if live.sql(f'SELECT 1 FROM "{name}" t WHERE strpos(t::text, $1) > 0 LIMIT 1', needle)}
        for needle in (GOOD, SECRET)
    }
    assert found[SECRET] == set()
    assert found[GOOD], "the needle of the good ones is found, so the search can find"


def test_the_secret_is_in_no_answer(live: Live, sent: Sent) -> None:
    told = dict(answers(live, sent))
    assert not [where for where, text in told.items() if SECRET in text]
    assert GOOD in told["feed agency-south"] and GOOD in told[f"/v1/subjects/{sent.about.uscc}"]
    assert "DQ-SEC-01" in told["findings"]


def answers(live: Live, sent: Sent) -> Iterator[tuple[str, str]]:
    """Whatever anybody can be told: pages, documents, feeds, datasets, metrics, and what the command prints."""
    with live.client() as client:
        for about in (sent.about, sent.hidden):
            code = about.uscc
            for path in (f"/v1/subjects/{code}", f"/businesses/{code}", f"/v1/subjects?q={code}", "/v1/subjects?q=贸易有限公司", "/"):
                yield path, client.get(path).text
        for dataset in client.get("/v1/datasets").json()["datasets"]:
            yield dataset["id"], client.get(dataset["exports"]["jsonl"]).text
    for name in ("agency-north", "agency-south", "emergency"):
        with live.client(name) as client:
            yield f"feed {name}", repr(lines_of(client))
            for about in (sent.about, sent.hidden):
                yield f"profile {name} {about.uscc}", client.get(f"/v1/profiles/{about.uscc}", params={"purpose": "P12"}).text
    yield "findings", live.databus("findings", "--department", DEPARTMENT, "--limit", "1000", "--json")
    yield "audit", live.databus("audit", "search", "--limit", "1000", "--json")
    yield "status", live.databus("status", "--json")


def test_the_secret_is_in_no_log(live: Live, sent: Sent) -> None:
    logs = live.here.settings.home / "logs"
    assert {"checker.log", "gateway.log", "kafka.log"} <= {path.name for path in logs.iterdir()}
    assert _grep(SECRET, str(logs)) == []


def test_the_secret_leaves_the_disk_by_itself(live: Live, sent: Sent) -> None:
    home = str(live.here.settings.home)
    assert any("/kafka/" in path and f"/{topics.EVENTS}-" in path for path in _grep(GOOD, home)), "the search can find"
    eventually(
        lambda: not _grep(SECRET, home), DISK_SECONDS, f"the refused payload leaves every file under home, e.g. {_grep(SECRET, home)[:3]}"
    )


def _grep(needle: str, folder: str) -> list[str]:
    """Files that hold these bytes."""
    done = subprocess.run(
        ["grep", "--recursive", "--files-with-matches", "--text", "--fixed-strings", needle, folder], capture_output=True, text=True
    )
    return done.stdout.splitlines()


def _bytes(record: object) -> bytes:
    headers = b"".join(name.encode() + value for name, value in record.headers)  # type: ignore[attr-defined]
    return (record.key or b"") + (record.value or b"") + headers  # type: ignore[attr-defined]
