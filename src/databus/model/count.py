"""How much of something has been used in its window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Count:
    """How much of a key has been used in its window, and when that ends."""

    used: int
    ends_at: datetime
