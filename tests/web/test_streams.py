"""A reader that reads nothing holds nothing open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message

from databus.web import streams
from databus.web.streams import Bounded, yielding


async def test_a_reader_that_reads_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PATIENCE", 0.01)
    closed: list[bool] = []

    async def chunks() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            closed.append(True)

    async def stuck(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    with pytest.raises(OSError, match="too slow"):
        await Bounded(chunks()).stream_response(stuck)
    assert closed == [True]


async def test_a_source_that_never_waits_lets_others_run() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"x"

    async def reading() -> None:
        async for _ in yielding(chunks()):
            pass

    task = asyncio.create_task(reading())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
