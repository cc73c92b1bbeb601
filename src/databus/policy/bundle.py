"""The bundle: policies and the contracts' labels, signed with ES256, its revision the hash of its content."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from databus.contract.catalogue import Contract
from databus.errors import BadContract, EngineMissing
from databus.policy.labels import labels

LABELS = Path("databus") / "labels" / "data.json"

_DATA = frozenset({"data.json", "data.yaml", ".manifest"})
_BUILD_SECONDS = 60.0


def build(policies: Path, *, contract: Contract, opa: Path, signing_key: Path, target: Path) -> Path:
    """The signed bundle at `target`, built anew only if policies, contracts or key have changed.

    Raises:
        BadContract: OPA refuses the policies; the error carries its words.
        EngineMissing: OPA cannot be run.
    """
    number = revision(policies, contract)
    stamp = target.with_name(target.name + ".built")
    made_of = f"{number} {hashlib.sha256(signing_key.read_bytes()).hexdigest()}"
    if target.exists() and stamp.exists() and stamp.read_text("ascii") == made_of:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".bundle-") as folder:
        source, made = Path(folder) / "policies", Path(folder) / target.name
        write(policies, contract=contract, folder=source)
        _run([str(opa), "build", "--bundle", ".", "--revision", number, *_signed(signing_key), "--output", str(made)], source)
        made.replace(target)
    stamp.write_text(made_of, "ascii")
    return target


def write(policies: Path, *, contract: Contract, folder: Path) -> str:
    """The bundle as a folder that OPA can read as it is, without tests and signature; its revision."""
    for name, content in _files(policies, contract):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    number = revision(policies, contract)
    manifest = json.loads((policies / ".manifest").read_text("utf-8"))
    (folder / ".manifest").write_text(json.dumps({**manifest, "revision": number}), "utf-8")
    return number


def revision(policies: Path, contract: Contract) -> str:
    """16 hexadecimal digits of SHA-256 over everything policy depends on: the same content, the same revision."""
    content = hashlib.sha256()
    for name, data in _files(policies, contract):
        content.update(f"{name}\x1f{len(data)}\x1f".encode() + data)
    return content.hexdigest()[:16]


def _files(policies: Path, contract: Contract) -> Iterator[tuple[str, bytes]]:
    if not (policies / ".manifest").is_file():
        raise BadContract(f"{policies.name} holds no policies: it has no .manifest", file=policies.name)
    for path in sorted(policies.rglob("*")):
        wanted = path.name in _DATA or (path.suffix == ".rego" and not path.name.endswith("_test.rego"))
        if path.is_file() and wanted:
            yield path.relative_to(policies).as_posix(), path.read_bytes()
    yield LABELS.as_posix(), json.dumps(labels(contract), sort_keys=True, separators=(",", ":")).encode()


def _signed(key: Path) -> tuple[str, ...]:
    return ("--signing-key", str(key.resolve()), "--signing-alg", "ES256")


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_BUILD_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineMissing(f"OPA could not build the bundle: {type(error).__name__}", program=command[0]) from error
    if done.returncode != 0:
        shown = (done.stderr or done.stdout).strip().replace(str(folder), "policies")
        raise BadContract(f"OPA refuses the policies: {shown}", program="opa build")
