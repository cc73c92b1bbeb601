"""A provisioned broker under a prefix of the test's own, and the address of each of its users."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest

from databus.bus import admin
from databus.bus.address import BusAddress
from engines import Engines

DEPARTMENTS = ("tax", "court")
As = Callable[[str], BusAddress]


@pytest.fixture
def as_user(engines: Engines) -> As:
    """The address of a user, all under one new prefix with every topic, user and permission made."""
    kafka = engines.settings.kafka
    password = kafka.password.get_secret_value()
    root = BusAddress(kafka.bootstrap, kafka.username, password, prefix=f"t{uuid.uuid4().hex[:8]}.")
    passwords = {user: engines.keys.kafka_password(user) for user in engines.keys.kafka_users()}
    passwords.update({department: f"{department}-only-for-tests" for department in DEPARTMENTS})
    admin.provision(root, departments=DEPARTMENTS, passwords=passwords, inbox_segment_ms=10_000)
    return lambda user: root if user == kafka.username else replace(root, username=user, password=passwords[user])
