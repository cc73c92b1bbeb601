"""The bundle: one revision per content, rebuilt only on change, served at once, believed only with the right signature."""

from __future__ import annotations

import asyncio
import json
import shutil
import tarfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI

from databus.errors import BadContract, EngineMissing
from databus.local.aside import free_ports
from databus.policy import bundle
from databus.policy.opa import OpaDecider
from databus.policy.serving import BUNDLE_PATH, MEDIA_TYPE, router
from disclosure.matrix import cases
from policy_engine import POLICIES, TOKEN, contract, program, started

PEM, PRIVATE = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


def make_key(path: Path) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(key.private_bytes(PEM, PRIVATE, serialization.NoEncryption()))
    return key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


def built(policies: Path, tmp_path: Path, *, opa: Path | None = None) -> Path:
    key = tmp_path / "key.pem"
    if not key.exists():
        make_key(key)
    return bundle.build(policies, contract=contract(), opa=opa or program(), signing_key=key, target=tmp_path / "out" / "databus.tar.gz")


def test_a_revision_is_its_content(policies: Path) -> None:
    before = bundle.revision(policies, contract())
    assert before == bundle.revision(POLICIES, contract())
    (policies / "databus" / "field" / "notes.txt").write_text("not policy")
    (policies / "databus" / "field" / "field_test.rego").write_text("package x")
    assert bundle.revision(policies, contract()) == before
    with (policies / "databus" / "bases" / "data.yaml").open("a") as file:
        file.write("  OTHER: a law\n")
    assert bundle.revision(policies, contract()) != before


def test_a_label_changes_the_revision() -> None:
    types = dict(contract().types)
    name, record_type = next(iter(types.items()))
    leaves = dict(record_type.leaves)
    field = next(iter(leaves))
    leaves[field] = replace(leaves[field], mask="name" if leaves[field].mask is None else None)
    types[name] = replace(record_type, leaves=leaves)
    assert bundle.revision(POLICIES, replace(contract(), types=types)) != bundle.revision(POLICIES, contract())


def test_a_folder_without_policies(tmp_path: Path) -> None:
    with pytest.raises(BadContract):
        bundle.revision(tmp_path, contract())


@pytest.mark.live
def test_it_is_built_once_and_again_after_a_change(policies: Path, tmp_path: Path) -> None:
    first = built(policies, tmp_path).read_bytes()
    assert built(policies, tmp_path).read_bytes() == first
    with (policies / "databus" / "bases" / "data.yaml").open("a") as file:
        file.write("  OTHER: a law\n")
    assert built(policies, tmp_path).read_bytes() != first
    (tmp_path / "key.pem").unlink()
    second = (tmp_path / "out" / "databus.tar.gz").read_bytes()
    assert built(policies, tmp_path).read_bytes() != second


@pytest.mark.live
def test_it_holds_no_tests_and_says_its_revision(policies: Path, tmp_path: Path) -> None:
    with tarfile.open(built(policies, tmp_path)) as archive:
        names = archive.getnames()
        manifest = archive.extractfile("/.manifest")
        assert manifest is not None
        assert json.loads(manifest.read())["revision"] == bundle.revision(policies, contract())
    assert "/.signatures.json" in names
    assert not [name for name in names if "_test" in name]


@pytest.mark.live
def test_policies_that_opa_refuses_keep_the_old_bundle(policies: Path, tmp_path: Path) -> None:
    before = built(policies, tmp_path).read_bytes()
    (policies / "databus" / "field" / "broken.rego").write_text("package databus.field\nallow if nonsense(")
    with pytest.raises(BadContract, match=r"broken\.rego"):
        built(policies, tmp_path)
    assert (tmp_path / "out" / "databus.tar.gz").read_bytes() == before


def test_without_opa(policies: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineMissing):
        built(policies, tmp_path, opa=tmp_path / "nowhere")


@asynccontextmanager
async def client(path: Path, token: str = "") -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(router(path, token=token))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://test") as made:
        yield made


async def test_it_is_served_with_an_etag(tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    file.write_bytes(b"one")
    async with client(file) as http:
        first = await http.get(BUNDLE_PATH)
        assert (first.status_code, first.content, first.headers["content-type"]) == (200, b"one", MEDIA_TYPE)
        again = await http.get(BUNDLE_PATH, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        file.write_bytes(b"two")
        assert (await http.get(BUNDLE_PATH, headers={"If-None-Match": first.headers["etag"]})).content == b"two"


async def test_a_long_poll_ends_with_the_change(tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    file.write_bytes(b"one")
    async with client(file) as http:
        etag = (await http.get(BUNDLE_PATH)).headers["etag"]
        headers = {"If-None-Match": etag, "Prefer": "modes=snapshot,delta;wait=20"}
        waiting = asyncio.create_task(http.get(BUNDLE_PATH, headers=headers))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        file.write_bytes(b"two")
        assert (await waiting).content == b"two"


async def test_a_long_poll_ends_without_a_change(tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    file.write_bytes(b"one")
    async with client(file) as http:
        etag = (await http.get(BUNDLE_PATH)).headers["etag"]
        assert (await http.get(BUNDLE_PATH, headers={"If-None-Match": etag, "Prefer": "wait=1"})).status_code == 304


async def test_only_with_its_token(tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    file.write_bytes(b"one")
    async with client(file, TOKEN) as http:
        assert (await http.get(BUNDLE_PATH)).status_code == 500  # without the handler for problems
        assert (await http.get(BUNDLE_PATH, headers={"Authorization": "Bearer wrong"})).content != b"one"
        assert (await http.get(BUNDLE_PATH, headers={"Authorization": f"Bearer {TOKEN}"})).content == b"one"


@pytest.mark.live
async def test_opa_follows_the_served_bundle_and_believes_no_other_signature(policies: Path, tmp_path: Path) -> None:
    public = make_key(tmp_path / "key.pem")
    path = built(policies, tmp_path)
    with served(path) as gateway:
        (port,) = free_ports(1)
        config = tmp_path / "config.json"
        config.write_text(json.dumps(opa_config(gateway, public)))
        argv = [str(program()), "run", "--server", "--addr", f"127.0.0.1:{port}", "--log-level", "error", "--disable-telemetry"]
        argv += ["--authentication", "token", "--authorization", "basic", "--config-file", str(config)]
        with started(argv, f"http://127.0.0.1:{port}/health"):
            async with OpaDecider(f"http://127.0.0.1:{port}", TOKEN, 5.0) as decider:
                assert await revision(decider) == bundle.revision(policies, contract())
                with (policies / "databus" / "bases" / "data.yaml").open("a") as file:
                    file.write("  OTHER: a law\n")
                built(policies, tmp_path)
                changed = bundle.revision(policies, contract())
                await reaches(decider, changed)
                make_key(tmp_path / "key.pem")
                with (policies / "databus" / "bases" / "data.yaml").open("a") as file:
                    file.write("  ANOTHER: a law\n")
                built(policies, tmp_path)
                await asyncio.sleep(2.5)
                assert await revision(decider) == changed


def opa_config(gateway: str, public: str) -> dict[str, object]:
    polling = {"long_polling_timeout_seconds": 10, "min_delay_seconds": 1, "max_delay_seconds": 2}
    return {
        "services": {"gateway": {"url": gateway, "credentials": {"bearer": {"token": TOKEN}}}},
        "bundles": {"databus": {"service": "gateway", "resource": BUNDLE_PATH, "polling": polling, "signing": {"keyid": "databus"}}},
        "keys": {"databus": {"algorithm": "ES256", "key": public}},
    }


@contextmanager
def served(path: Path) -> Iterator[str]:
    (port,) = free_ports(1)
    app = FastAPI()
    app.include_router(router(path, token=TOKEN))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


async def revision(decider: OpaDecider) -> str:
    return (await decider.decide(cases()[0].question))[0]


async def reaches(decider: OpaDecider, wanted: str) -> None:
    deadline = time.monotonic() + 60
    while await revision(decider) != wanted:
        assert time.monotonic() < deadline, "the new revision never came into force"
        await asyncio.sleep(0.05)
