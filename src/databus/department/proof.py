"""Receipts and public keys as files: all that is needed to prove a delivery without the platform."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from databus.access.signing import signing_key
from databus.errors import BadSettings, Malformed, NotFound

_BLOCK = 1 << 20


def receipts_in(path: Path) -> Iterator[tuple[int, Any]]:
    """Every receipt of a file with its line: one JSON document, or one per line (NDJSON).

    Raises:
        NotFound: there is no such file. Malformed: it holds no JSON.
    """
    try:
        with path.open(encoding="utf-8") as file:
            first = _parsed(file.readline())
            if first is None:
                file.seek(0)
                yield 1, _required(file.read(), path, 1)
                return
            yield 1, first
            for number, line in enumerate(file, start=2):
                if line.strip():
                    yield number, _required(line, path, number)
    except FileNotFoundError:
        raise NotFound(f"there is no file {path.name}", file=path.name) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Malformed(f"{path.name} cannot be read as UTF-8", file=path.name) from error


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _required(text: str, path: Path, number: int) -> Any:
    found = _parsed(text)
    if found is None:
        raise Malformed(f"{path.name} holds no JSON from line {number} on", file=path.name, line=number)
    return found


def public_keys(path: Path) -> dict[str, ECKey]:
    """The keys a file holds, by `kid`: a PEM, or a JWK set as the intake publishes it.

    Raises:
        NotFound: there is no such file. BadSettings: it holds no key on P-256.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise NotFound(f"there is no key at {path}; the intake publishes it at /.well-known/jwks.json", file=path.name) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path.name} cannot be read", file=path.name) from error
    raw = _parsed(text)
    if raw is None:
        key = signing_key(text, purpose="receipts")
        return {str(key.kid): key}
    found = dict(_jwks(raw))
    if not found:
        raise BadSettings(f"{path.name} holds no key on P-256", file=path.name)
    return found


def _jwks(raw: Any) -> Iterator[tuple[str, ECKey]]:
    for one in raw.get("keys", [raw]) if isinstance(raw, dict) else ():
        try:
            key = ECKey.import_key(one)
            # The name of a key is its thumbprint, whatever a file calls it.
            if key.curve_name == "P-256":
                yield key.thumbprint(), key
        except (JoseError, ValueError, TypeError, AttributeError, KeyError):
            continue


def hash_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal.

    Raises:
        NotFound: there is no such file.
    """
    made = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                made.update(block)
    except OSError:
        raise NotFound(f"there is no file {path.name}", file=path.name) from None
    return made.hexdigest()
