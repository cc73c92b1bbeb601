"""Telling a cancelled task from a connection that was closed under it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from databus.errors import BusUnavailable


@contextmanager
def answered() -> Iterator[None]:
    """Around whatever waits for aiokafka, which cancels the futures of a connection it closes.

    To those who wait that looks as if they had been cancelled themselves, and a process would end as if it had been asked to.

    Raises:
        BusUnavailable: nobody has cancelled this task; the broker has gone away.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise BusUnavailable("the connection to the broker was closed while it was asked") from error
