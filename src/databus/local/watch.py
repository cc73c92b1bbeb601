"""When to restart and when to kill: pure decisions over monotonic seconds."""

from __future__ import annotations

from collections.abc import Sequence

MOST_RESTARTS = 5
WITHIN_SECONDS = 60.0
SILENCE_SECONDS = 30.0
# A worker that calls itself dead has already waited for 30 s without a fetch; this lets it come back after its engines did.
GRACE_SECONDS = 10.0
AWAY = 3
"""Exit code of a process that lacks another part: it waits for that one, however long, and is not to blame."""


def may_restart(past: Sequence[float], now: float) -> bool:
    """Whether one more start is allowed after the starts at `past`: at most 5 within 60 s."""
    return sum(now - moment < WITHIN_SECONDS for moment in past) < MOST_RESTARTS


def pause(past: Sequence[float], now: float, *, code: int | None = None) -> float:
    """Seconds to wait before the next start: 0.2 at first, doubled for each recent one; at most 2, or 10 where a part is AWAY."""
    return min(0.2 * 2.0 ** sum(now - moment < WITHIN_SECONDS for moment in past), 10.0 if code == AWAY else 2.0)


def must_kill(said: bool | None, *, answered: float, since: float, now: float, silence: float = SILENCE_SECONDS) -> bool:
    """Whether a process that still runs has to be killed.

    `said`: True alive, False calls itself dead, None no answer. `answered`: its last answer.
    `since`: when it could first be well: its own start or that of the engines, whichever is later.
    `silence`: how long it may say nothing, in seconds; one that has only just been started may take longer.
    """
    if said is None:
        return now - max(answered, since) >= silence
    return not said and now - since >= GRACE_SECONDS
