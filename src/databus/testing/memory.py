"""The most memory that a process has had."""

from __future__ import annotations

from pathlib import Path


def most_memory() -> int:
    """Bytes at most resident in this process since its program began (`VmHWM`, proc(5)).

    Not `ru_maxrss`: that begins with what the process had that this one was made from.
    """
    (peak,) = (line.split()[1] for line in Path("/proc/self/status").read_text("ascii").splitlines() if line.startswith("VmHWM:"))
    return int(peak) << 10
