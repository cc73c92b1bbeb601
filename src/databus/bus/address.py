"""Where the bus is, who we are there, the prefix that keeps two installations on one broker apart, and the generation.

Everything above this package speaks bare names (`events`, `in.taxation`, `changes`); only this module adds the prefix and, to
what `databus rebuild` makes anew, the generation: `changes` is `changes.g2` in the second.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CONNECT_SECONDS = 5
GENERATIONAL = frozenset({"changes", "registers", "profiler"})
"""What each generation has of its own: two topics, and the group whose offsets they are made up to."""


@dataclass(frozen=True, slots=True)
class BusAddress:
    """A broker and one user of it. Without a username the connection is plain (a broker of one's own without SASL)."""

    bootstrap: str
    username: str = ""
    password: str = field(default="", repr=False)
    prefix: str = ""
    generation: int = 1

    def topic(self, name: str) -> str:
        """The broker's name of a topic. Groups and transactional ids are prefixed the same way."""
        return self.prefix + name + (self._suffix if name in GENERATIONAL else "")

    def bare(self, topic: str) -> str:
        """Our name of a broker's topic."""
        name = topic.removeprefix(self.prefix)
        bare = name.removesuffix(self._suffix)
        return bare if bare in GENERATIONAL else name

    @property
    def _suffix(self) -> str:
        return f".g{self.generation}" if self.generation > 1 else ""

    def client(self) -> dict[str, Any]:
        """Keyword arguments every aiokafka client takes."""
        # The default API version probe of aiokafka is kept: it picks the newest version both sides speak.
        return {"bootstrap_servers": self.bootstrap, "request_timeout_ms": 20_000, **self._security()}

    def kafka_python(self) -> dict[str, Any]:
        """Keyword arguments every kafka-python client takes."""
        # A wrong password shows only as a time-out there, so it must come soon (stack 8).
        return {"bootstrap_servers": self.bootstrap, "bootstrap_timeout_ms": CONNECT_SECONDS * 1000, **self._security()}

    def _security(self) -> dict[str, Any]:
        if not self.username:
            return {"security_protocol": "PLAINTEXT"}
        return {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-256",
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password,
        }
