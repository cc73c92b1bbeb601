"""Client secrets: made here, shown once, kept as argon2id hashes only."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

_BYTES = 32


def fresh() -> str:
    """A secret nobody can guess: 43 characters of base64url."""
    return secrets.token_urlsafe(_BYTES)


@dataclass(frozen=True)
class Hashing:
    """argon2id with the library's parameters (RFC 9106, low memory). It takes some 50 ms, so it runs beside the event loop."""

    hasher: PasswordHasher = field(default_factory=PasswordHasher)

    async def hash(self, secret: str) -> str:
        """The hash to keep."""
        return await asyncio.to_thread(self.hasher.hash, secret)

    async def agrees(self, stored: str | None, secret: str) -> bool:
        """True if the secret is the one. Without a stored hash the same work is done, so that time tells nothing."""
        return await asyncio.to_thread(self._agrees, stored, secret)

    def _agrees(self, stored: str | None, secret: str) -> bool:
        if stored is None:
            self.hasher.hash(secret)
            return False
        try:
            return self.hasher.verify(stored, secret)
        except (Argon2Error, InvalidHashError):
            return False
