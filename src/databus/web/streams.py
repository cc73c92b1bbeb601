"""Streams that neither a slow nor a vanished reader can hold open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse
from starlette.types import Message, Send

NDJSON = "application/x-ndjson"
"""The media type of JSON lines."""
PATIENCE = 30.0
"""Seconds a reader may take for one chunk before the connection is closed."""


class Bounded(StreamingResponse):
    """A streaming answer that gives up on a reader that reads nothing, and always ends its generator."""

    async def stream_response(self, send: Send) -> None:
        async def bounded(message: Message) -> None:
            await asyncio.wait_for(send(message), PATIENCE)

        try:
            await super().stream_response(bounded)
        except TimeoutError:
            raise OSError("reader too slow") from None
        finally:
            close = getattr(self.body_iterator, "aclose", None)
            if close is not None:
                await close()


async def yielding(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same chunks, giving way after each: once a reader is gone, a source that never waits would spin for ever."""
    async for chunk in chunks:
        yield chunk
        await asyncio.sleep(0)
