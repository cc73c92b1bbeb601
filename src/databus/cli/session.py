"""What a verb needs of the checkout it runs in: contracts, keys, addresses, and a way to ask the store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from databus.bootstrap.parts import address_of, registered_codec
from databus.bus import generations
from databus.bus.address import BusAddress
from databus.contract import catalogue
from databus.contract.catalogue import Contract
from databus.contract.codec import Codec
from databus.local import keys
from databus.local.connections import connected
from databus.local.keys import Keys
from databus.settings import Settings
from databus.store import database

T = TypeVar("T")


@dataclass(frozen=True)
class Session:
    """The checkout as a verb sees it."""

    settings: Settings
    contract: Contract
    keys: Keys

    def address(self, user: str) -> BusAddress:
        """The bus as one of its users."""
        return address_of(connected(self.settings, self.keys, user))

    def present(self, user: str) -> BusAddress:
        """The same in the present generation of `changes` and `registers`.

        Raises:
            BusUnavailable: the broker does not answer.
        """
        return asyncio.run(generations.present(self.address(user)))

    def codec(self, user: str) -> Codec:
        """A codec with the registry's ids."""
        return registered_codec(self.address(user))

    @property
    def gateway(self) -> str:
        """Where the gateway answers."""
        return self.settings.gateway.public_url or f"http://127.0.0.1:{self.settings.gateway.port}"

    @property
    def intake(self) -> str:
        """Where the intake answers."""
        return self.settings.intake.public_url or f"http://127.0.0.1:{self.settings.intake.port}"

    def ask(self, question: Callable[[Any], Awaitable[T]], *, timeout_seconds: float = 30.0) -> T:
        """The answer of a question to the store, each statement of it within this time.

        Raises:
            StoreUnavailable: PostgreSQL does not answer.
        """
        dsn = connected(self.settings, self.keys, "operator").postgres.dsn.get_secret_value()

        async def asked() -> T:
            pool = await database.connect(dsn, timeout_seconds=timeout_seconds)
            try:
                return await question(pool)
            finally:
                await pool.close()

        return asyncio.run(asked())


def session(settings: Settings | None = None) -> Session:
    """The session of this checkout.

    Raises:
        DataUnusable: nothing has been started here yet.
        BadContract: the contracts contradict themselves.
    """
    settings = settings or Settings()
    return Session(settings, catalogue.load(settings.contracts), keys.read(settings.home))
