"""`databus receipt verify`: receipts and keys as files, offline."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from databus.access.signing import signing_key
from databus.cli.app import run
from databus.department import proof, receipt
from databus.department.receipt import Listed
from databus.errors import BadSettings, Malformed, NotFound

PRIVATE = ec.generate_private_key(ec.SECP256R1())
PEM = PRIVATE.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
PUBLIC = PRIVATE.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
KEY = signing_key(PEM, purpose="receipts")
AT = 1_789_000_003_000  # 2026-09-10 08:26:43 in Asia/Shanghai


def made(number: int, source: str = "") -> str:
    listed = [Listed(0, number, AT, f"id-{number}", "00" * 32)]
    told = receipt.statement(listed, issuer="intake", department="taxation", topic="in.taxation", source_sha256=source, now=AT)
    return json.dumps(receipt.sign(told, listed, KEY))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "receipts.pub"
    file.write_bytes(PUBLIC)
    return file


def test_a_receipt_proves_what_was_handed_over_and_when(tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, file = tmp_path / "request.json", tmp_path / "receipt.json"
    source.write_text("{}")
    file.write_text(json.dumps(json.loads(made(1, hashlib.sha256(b"{}").hexdigest())), indent=1))
    on_time = ["receipt", "verify", str(file), "--key", str(key), "--source", str(source)]
    for late in ("2026-09-09", "2026-09-10T08:26", "2026-09-10T00:26:43Z"):
        assert run([*on_time, "--by", late]) == 1 and "after" in capsys.readouterr().err, late
    assert run([*on_time, "--by", "soon"]) == 1 and run([*on_time, "--by", "2026-09-10T08:27"]) == 0
    assert run([*on_time, "--by", "2026-09-10"]) == 0
    said = capsys.readouterr().out
    assert "taxation" in said and "2026-09-10 08:26:43" in said and "in.taxation[0] 1-1" in said
    source.write_text("{ }")
    assert run(on_time) == 1 and "not that of this request" in capsys.readouterr().err


def test_every_line_of_a_file_is_verified_and_the_one_that_was_changed_is_named(
    tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "receipts.ndjson"
    file.write_text("\n".join([made(1), "", made(2)]) + "\n")
    assert run(["receipt", "verify", str(file), "--key", str(key), "--json"]) == 0
    assert [one["positions"][0]["first"] for one in json.loads(capsys.readouterr().out)] == [1, 2]
    file.write_text("\n".join([made(1), made(2).replace("id-2", "id-3")]))
    assert run(["receipt", "verify", str(file), "--key", str(key), "--json"]) == 1
    told = json.loads(capsys.readouterr().err)
    assert (told["line"], told["tampered"]) == (2, "list")


def test_the_key_may_be_the_set_the_intake_publishes(tmp_path: Path, key: Path) -> None:
    published = tmp_path / "jwks.json"
    other = {"kty": "oct", "k": "AAAA"}
    published.write_text(json.dumps({"keys": [other, 7, {**KEY.as_dict(private=False), "kid": "another name"}]}))
    assert set(proof.public_keys(published)) == set(proof.public_keys(key)) == {KEY.kid}


@pytest.mark.parametrize("text", ["", "{}", '{"keys": []}', "-----BEGIN PUBLIC KEY-----", "[]", '{"keys": [{"kty": "EC"}]}'])
def test_a_file_without_a_key_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "none.pub"
    file.write_text(text)
    with pytest.raises(BadSettings):
        proof.public_keys(file)


def test_what_is_not_there_or_no_json_is_said(tmp_path: Path) -> None:
    file = tmp_path / "no.json"
    for missing in (lambda: list(proof.receipts_in(file)), lambda: proof.public_keys(file), lambda: proof.hash_of(file)):
        with pytest.raises(NotFound):
            missing()
    for content in (b"", b"{", b"\xff", b"{}\n{"):
        file.write_bytes(content)
        with pytest.raises(Malformed):
            list(proof.receipts_in(file))
