"""What a process says of itself: one JSON line per log record, metrics, health, and a server that stops when told."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import socket
import sys
from contextlib import suppress

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from databus import telemetry
from databus.errors import BadContract, PortTaken
from databus.local.aside import free_ports
from databus.telemetry import Health, JsonLines, Metrics, Seldom, own_page, routes, serve


@pytest.fixture
def restored() -> object:
    """Loggers are the interpreter's: what a test changes is put back."""
    names = ("", "uvicorn", "uvicorn.error", "uvicorn.access", "aiokafka", "kafka", "faust", "mode", "httpx")
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger, list(logger.handlers), logger.level) for logger in loggers]
    yield
    for logger, handlers, level in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)


def written(level: int, message: str, *args: object, **more: object) -> logging.LogRecord:
    record = logging.LogRecord("databus.x", level, __file__, 7, message, args, None)
    record.__dict__.update(more)
    return record


def test_a_log_record_is_one_line_of_json_with_its_extras() -> None:
    text = JsonLines("checker").format(written(logging.WARNING, "二 %s\nlines", "two", submission_id="s-1", count=3))
    line = json.loads(text)
    assert "\n" not in text and "二" in text
    assert (line["level"], line["process"], line["logger"], line["message"]) == ("WARNING", "checker", "databus.x", "二 two\nlines")
    assert (line["submission_id"], line["count"]) == ("s-1", 3)
    assert line["at"].endswith("+00:00") and set(line) == {"at", "level", "process", "logger", "message", "submission_id", "count"}


def test_an_exception_stays_on_the_line() -> None:
    record = written(logging.ERROR, "it failed")
    try:
        raise ValueError("why")
    except ValueError:
        record.exc_info = sys.exc_info()
    text = JsonLines("checker").format(record)
    assert "\n" not in text and "ValueError: why" in json.loads(text)["error"]


def test_what_json_does_not_know_is_written_as_text() -> None:
    assert json.loads(JsonLines("x").format(written(logging.INFO, "m", where={1})))["where"] == "{1}"


def test_one_line_a_second_from_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(telemetry.time, "monotonic", lambda: now[0])
    seldom, here, there = Seldom(), written(logging.WARNING, "lost"), written(logging.WARNING, "lost")
    there.lineno = 8
    assert [seldom.filter(here), seldom.filter(here), seldom.filter(there)] == [True, False, True]
    now[0] += 0.9
    assert not seldom.filter(here)
    now[0] += 0.1
    assert seldom.filter(here)


def test_the_first_line_is_written_however_short_the_machine_has_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry.time, "monotonic", lambda: 0.2)
    assert Seldom().filter(written(logging.WARNING, "lost"))


def test_our_own_lines_are_never_left_out(restored: object, capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.log_as("gateway", "INFO")
    ours, theirs = logging.getLogger("databus.gateway"), logging.getLogger("aiokafka.conn")
    for number in range(3):
        ours.info("answered", extra={"number": number})
        theirs.warning("lost the broker")
        theirs.info("chatter")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["number"] for line in lines if line["logger"] == "databus.gateway"] == [0, 1, 2]
    assert [line["message"] for line in lines if line["logger"] == "aiokafka.conn"] == ["lost the broker"]


def test_a_process_is_alive_while_something_beats_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(telemetry.time, "monotonic", lambda: now[0])
    health = Health(silence=30)
    now[0] += 29
    assert health.live
    now[0] += 1
    assert not health.live
    health.beat()
    assert health.live and not health.ready


async def test_health_and_metrics_are_told_over_http() -> None:
    health, metrics = Health(), Metrics("checker")
    page = own_page(health, metrics)
    assert [(await get(page, path)).status_code for path in ("/health/live", "/health/ready")] == [200, 503]
    health.ready = True
    assert (await get(page, "/health/ready")).json() == {"ready": True}
    assert (await get(page, "/metrics")).headers["content-type"].startswith("text/plain")


async def test_a_process_that_loads_its_state_is_live_tells_how_far_it_is_and_is_not_ready() -> None:
    health = Health()
    page = own_page(health, Metrics("profiler"))
    health.ready, health.recovering = True, (3, 10)
    answer = await get(page, "/health/ready")
    assert (answer.status_code, answer.json()) == (503, {"ready": False, "recovering": {"done": 3, "of": 10}})
    assert (await get(page, "/health/live")).status_code == 200
    health.recovering = None
    assert (await get(page, "/health/ready")).json() == {"ready": True}


async def test_a_silent_process_is_neither_live_nor_ready() -> None:
    health = Health(silence=0)
    health.ready = True
    page = own_page(health, Metrics("checker"))
    assert [(await get(page, path)).status_code for path in ("/health/live", "/health/ready")] == [503, 503]


@pytest.mark.parametrize("neighbour", [True, False])
async def test_readiness_may_depend_on_a_neighbour(neighbour: bool) -> None:
    async def ready() -> bool:
        return neighbour

    health = Health()
    health.ready = True
    page = Starlette(routes=routes(health, Metrics("gateway"), ready))
    assert (await get(page, "/health/ready")).status_code == (200 if neighbour else 503)


async def get(page: Starlette, path: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(page), base_url="http://here") as client:
        return await client.get(path)


def test_metrics_are_counted_and_belong_to_their_process() -> None:
    metrics, other = Metrics("checker"), Metrics("profiler")
    metrics.records.labels("in.ecology").inc(3)
    metrics.verdicts.labels("DQ-ACC-01", "R").inc()
    metrics.chunk.observe(0.2)
    found = samples(metrics)
    assert found["databus_records_total", "in.ecology"] == 3 and found["databus_verdicts_total", "DQ-ACC-01,R"] == 1
    assert found["databus_process", "checker"] == 1 and found["databus_chunk_seconds_count", ""] == 1
    assert ("databus_records_total", "in.ecology") not in samples(other)


def samples(metrics: Metrics) -> dict[tuple[str, str], float]:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {(one.name, ",".join(one.labels.values())): one.value for family in families for one in family.samples}


async def test_a_server_answers_until_it_is_told_to_stop() -> None:
    (port,), stop, health = free_ports(1), asyncio.Event(), Health()
    serving = asyncio.create_task(serve(own_page(health, Metrics("checker")), port=port, setting="DATABUS_CHECKER__PORT", stop=stop))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", transport=httpx.AsyncHTTPTransport(retries=20)) as client:
        assert (await client.get("/health/live")).json() == {"live": True}
    assert gc.get_freeze_count(), "the collector walks all that the process keeps again and again"
    stop.set()
    await asyncio.wait_for(serving, 10)
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient() as client:
            await client.get(f"http://127.0.0.1:{port}/health/live")


HEAD = b"GET /health/live HTTP/1.1\r\nHost: here\r\n"


@pytest.mark.parametrize("before", [b"", HEAD, HEAD + b"\r\n" + HEAD], ids=["nothing", "part of a head", "part of the second"])
async def test_who_does_not_say_what_it_asks_is_let_go_and_others_are_answered(before: bytes) -> None:
    (port,), stop = free_ports(1), asyncio.Event()
    page = own_page(Health(), Metrics("checker"))
    serving = asyncio.create_task(serve(page, port=port, setting="DATABUS_CHECKER__PORT", stop=stop, head_seconds=0.5))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", transport=httpx.AsyncHTTPTransport(retries=20)) as client:
        await client.get("/health/live")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(before)
        let_go = asyncio.create_task(until_closed(reader))
        while not let_go.done():
            writer.write(b"X" if before else b"")
            await asyncio.sleep(0.05)
            assert (await client.get("/health/live")).status_code == 200
        assert let_go.result().count(b"HTTP/1.1 200") == before.count(b"\r\n\r\n")
        writer.close()
    stop.set()
    await asyncio.wait_for(serving, 10)


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """What came before the end, which may be a reset: our last bytes were not read any more."""
    found = b""
    with suppress(ConnectionResetError):
        while part := await reader.read(4096):
            found += part
    return found


async def test_an_answer_may_take_longer_than_a_head() -> None:
    async def slow(_: Request) -> Response:
        await asyncio.sleep(1.0)
        return Response(b"at last")

    (port,), stop = free_ports(1), asyncio.Event()
    page = Starlette(routes=[Route("/slow", slow, methods=["POST"])])
    serving = asyncio.create_task(serve(page, port=port, setting="DATABUS_CHECKER__PORT", stop=stop, head_seconds=0.3))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", transport=httpx.AsyncHTTPTransport(retries=20)) as client:
        assert [(await client.post("/slow", content=b"body")).content for _ in range(2)] == [b"at last", b"at last"]
    stop.set()
    await asyncio.wait_for(serving, 10)


async def test_a_server_that_cannot_serve_stops_the_whole_process() -> None:
    stop = asyncio.Event()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortTaken, match="DATABUS_CHECKER__PORT"):
            await serve(own_page(Health(), Metrics("checker")), port=taken.getsockname()[1], setting="DATABUS_CHECKER__PORT", stop=stop)
    assert stop.is_set()


async def test_a_signal_to_end_is_heard() -> None:
    stop = telemetry.stop_signal()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(stop.wait(), 10)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().remove_signal_handler(number)


def test_an_error_is_logged_whatever_its_facts_are_named() -> None:
    error = BadContract("two texts", name="databus.Change", version=1, message="m", args=())
    record = logging.makeLogRecord({"msg": error.detail, **telemetry.facts_of(error)})
    logging.getLogger("databus.test").error(error.detail, extra=telemetry.facts_of(error))
    line = json.loads(JsonLines("registrar").format(record))
    assert (line["message"], line["code"], line["name_"], line["version"]) == ("two texts", error.code, "databus.Change", 1)
