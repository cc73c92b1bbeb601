"""What a group's coordinator answers, heard whole."""

from __future__ import annotations

from typing import Any

from aiokafka.errors import GroupLoadInProgressError, for_code
from aiokafka.protocol.commit import OffsetFetchRequest


def hear(coordinator: Any) -> None:
    """Let an aiokafka coordinator ask again for offsets where the broker refuses to tell them.

    Since version 2 such an answer holds one error, that of the whole, and no partition. aiokafka reads those of the partitions only: a
    broker that is still loading the group was a group that has committed nothing, and everything was taken once more.
    """
    ask = coordinator._send_req

    async def asked(request: Any) -> Any:
        answer = await ask(request)
        code = getattr(answer, "error_code", 0) if isinstance(request, OffsetFetchRequest) else 0
        if code:
            error = for_code(code)
            if error is not GroupLoadInProgressError:
                coordinator.coordinator_dead()
            raise error()
        return answer

    coordinator._send_req = asked
