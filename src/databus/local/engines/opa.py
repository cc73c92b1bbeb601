"""OPA with a signed bundle from the gateway, token authentication and our own authorisation of its API.

`system.authz` in the bundle compares `input.identity` with `opa.runtime().env.DATABUS_OPA_TOKEN`.
Until the first bundle OPA answers 500 to every call; the gateway's readiness waits for that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from databus.local.addresses import LOOPBACK, get_status
from databus.local.keys import Keys
from databus.local.processes import Child, Command, Part

BUNDLE_PATH = "/internal/bundles/databus.tar.gz"
TOKEN_VARIABLE = "DATABUS_OPA_TOKEN"


def prepare(home: Path, *, gateway_port: int, keys: Keys) -> None:
    """Write the configuration. It is JSON because a PEM loses its newlines in a quoted YAML string."""
    folder = home / "opa"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = folder / "config.json"
    config.touch(mode=0o600)
    config.write_text(json.dumps(_config(folder, gateway_port=gateway_port, keys=keys), indent=1))


def _config(folder: Path, *, gateway_port: int, keys: Keys) -> dict[str, object]:
    gateway = {"url": f"http://{LOOPBACK}:{gateway_port}", "credentials": {"bearer": {"token": keys.read("opa.token")}}}
    bundle = {
        "service": "gateway",
        "resource": BUNDLE_PATH,
        "polling": {"long_polling_timeout_seconds": 10, "min_delay_seconds": 1, "max_delay_seconds": 2},
        "signing": {"keyid": "databus"},
        "persist": True,
    }
    return {
        "services": {"gateway": gateway},
        "bundles": {"databus": bundle},
        "keys": {"databus": {"algorithm": "ES256", "key": keys.read("bundle-signing.pub") + "\n"}},
        "persistence_directory": str(folder / "bundles"),
    }


def part(home: Path, *, port: int, opa: Path, keys: Keys, environment: Mapping[str, str], policies: Path | None = None) -> Part:
    """The server as a process; `policies` makes it read a folder instead of the gateway's bundle (tests, drafts).

    Ready means that it answers; whether it has its bundle is the gateway's question.
    """
    source = (
        ("--config-file", str(home / "opa" / "config.json")) if policies is None else ("--bundle", str(policies), "--ignore", "*_test.rego")
    )
    authorise = policies is None or (policies / "system").is_dir()
    guard = ("--authentication", "token", "--authorization", "basic") if authorise else ()
    argv = (str(opa), "run", "--server", "--addr", f"{LOOPBACK}:{port}", "--skip-version-check", "--log-level", "error", *guard, *source)
    command = Command(name="opa", argv=argv, env={**environment, TOKEN_VARIABLE: keys.read("opa.token")}, log=home / "logs" / "opa.log")

    def ready(child: Child) -> bool:
        return get_status(port, "/health") is not None

    return Part(
        command, f"http://{LOOPBACK}:{port}", ready, start_seconds=60.0, probe=lambda: get_status(port, "/health") is not None or None
    )
