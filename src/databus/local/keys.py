"""Secrets made at the first run, one file each under `<home>/keys` (folder 700, files 600).

| file | what | holder |
|---|---|---|
| kafka/<user>.password | SCRAM-SHA-256 | that process or department |
| departments/<slug>.hmac | HMAC-SHA-256, 32 bytes hex: hides natural persons from all but their department | that department, intake |
| postgres.password | role databus | services |
| platform.hmac | HMAC-SHA-256, 32 bytes hex | checker, gateway, intake |
| cursor.key, audit.nonce.key | 32 bytes hex | gateway, projector |
| quarantine.key | 32 bytes hex | checker, intake, stewards |
| token-signing.pem | ES256 | gateway, intake |
| bundle-signing.pem, bundle-signing.pub | ES256 | registrar, OPA |
| receipt-signing.pem, receipt-signing.pub | ES256 | intake, everybody |
| waiver-signing.pem, waiver-signing.pub | ES256 | intake, stewards; checker |
| opa.token | bearer | gateway, intake, OPA |
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from databus import errors

PROCESS_USERS = ("admin", "registrar", "intake", "checker", "profiler", "projector", "gateway", "eraser", "rebuild", "operator")
_HEX = ("platform.hmac", "cursor.key", "quarantine.key", "audit.nonce.key")
_TOKENS = ("postgres.password", "opa.token")
_PAIRS = ("token-signing", "bundle-signing")
# Nothing that is kept depends on these: a home from before there were receipts or waivers gets them.
_LATER = ("receipt-signing", "waiver-signing")


@dataclass(frozen=True)
class Keys:
    """Where the secrets lie; `read` gives one, `kafka_password` that of a user."""

    folder: Path

    def path(self, name: str) -> Path:
        """File of a secret, e.g. `platform.hmac`."""
        return self.folder / name

    def read(self, name: str) -> str:
        """The secret as text, without a trailing newline.

        Raises:
            errors.DataUnusable: there is no such secret.
        """
        try:
            return self.path(name).read_text("ascii").strip()
        except FileNotFoundError:
            raise missing(self.folder.parent, name) from None

    def kafka_password(self, user: str) -> str:
        """SCRAM password of a process or department."""
        return self.read(f"kafka/{user}.password")

    def kafka_users(self) -> tuple[str, ...]:
        """Every user that has a password here."""
        return tuple(sorted(path.stem for path in (self.folder / "kafka").glob("*.password")))


def department_secret(keys: Keys, department: str) -> bytes:
    """The key under which a department hides the natural persons it reports (32 bytes).

    Raises:
        errors.DataUnusable: this department has none here.
    """
    return bytes.fromhex(keys.read(f"departments/{department}.hmac"))


def missing(home: Path, name: str) -> errors.DataUnusable:
    """The refusal when data outlived its keys."""
    return errors.DataUnusable(
        f"The key {name} is not in {home / 'keys'}, and the data beside it cannot be used without it. "
        "Put the key back, or run `databus down --erase` to begin afresh.",
        key=name,
    )


def ensure(home: Path, departments: tuple[str, ...], *, data_exists: bool = False) -> Keys:
    """Make what is missing; safe to repeat. A new department gets a password at any time.

    Raises:
        errors.DataUnusable: data was written with keys that are no longer here.
    """
    keys = Keys(home / "keys")
    fixed = [*(f"kafka/{user}.password" for user in PROCESS_USERS), *_HEX, *_TOKENS, *(f"{pair}.pem" for pair in _PAIRS)]
    known = [department for department in departments if keys.path(f"kafka/{department}.password").exists()]
    if data_exists:
        for name in (*fixed, *(f"departments/{department}.hmac" for department in known)):
            if not keys.path(name).exists():
                raise missing(home, name)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in (keys.folder, keys.folder / "kafka", keys.folder / "departments"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    for name in (*(f"kafka/{user}.password" for user in (*PROCESS_USERS, *departments)), *_TOKENS):
        _write(keys.path(name), lambda: secrets.token_hex(24))
    for name in (*_HEX, *(f"departments/{department}.hmac" for department in departments)):
        _write(keys.path(name), lambda: secrets.token_hex(32))
    for pair in (*_PAIRS, *_LATER):
        _write(keys.path(f"{pair}.pem"), _private_pem)
        _write(keys.path(f"{pair}.pub"), partial(_public_pem, keys.path(f"{pair}.pem")))
    return keys


def read(home: Path) -> Keys:
    """The keys of a home that has been used before.

    Raises:
        errors.DataUnusable: there are none.
    """
    keys = Keys(home / "keys")
    if not keys.folder.is_dir():
        raise missing(home, "keys")
    return keys


def _write(path: Path, make: Callable[[], str]) -> None:
    if path.exists():
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(make() + "\n")
    temporary.replace(path)


def _private_pem() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode().strip()


def _public_pem(private: Path) -> str:
    key = serialization.load_pem_private_key(private.read_bytes(), None)
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode().strip()
