"""Where the bus is, who we are there, and the prefix that keeps two installations on one broker apart.

Everything above this package speaks bare names (`events`, `in.taxation`); only this module adds the prefix.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CONNECT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class BusAddress:
    """A broker and one user of it. Without a username the connection is plain (a broker of one's own without SASL)."""

    bootstrap: str
    username: str = ""
    password: str = field(default="", repr=False)
    prefix: str = ""

    def topic(self, name: str) -> str:
        """The broker's name of a topic. Groups and transactional ids are prefixed the same way."""
        return self.prefix + name

    def bare(self, topic: str) -> str:
        """Our name of a broker's topic."""
        return topic.removeprefix(self.prefix)

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
