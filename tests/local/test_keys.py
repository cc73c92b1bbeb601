"""Keys are made once, closed to others, and missed when data outlives them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from databus import errors
from databus.local import home, keys


def test_files_are_closed_to_everybody_else(tmp_path: Path) -> None:
    made = keys.ensure(tmp_path / "home", ("taxation",))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in made.folder.rglob("*") if path.is_file()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(made.folder.stat().st_mode) == stat.S_IMODE((made.folder / "kafka").stat().st_mode) == 0o700


def test_a_second_run_keeps_them_and_a_new_department_gets_its_own(tmp_path: Path) -> None:
    first = keys.ensure(tmp_path, ("taxation",))
    before = {path: path.read_text() for path in first.folder.rglob("*") if path.is_file()}
    second = keys.ensure(tmp_path, ("taxation", "ecology"), data_exists=True)
    assert {path: path.read_text() for path in before} == before
    assert second.kafka_password("ecology") not in before.values()
    assert set(keys.PROCESS_USERS) | {"taxation", "ecology"} == set(second.kafka_users())


def test_no_two_secrets_are_equal_and_keys_have_their_length(tmp_path: Path) -> None:
    made = keys.ensure(tmp_path, ("taxation", "ecology"))
    secrets = [path.read_text() for path in made.folder.rglob("*") if path.is_file()]
    assert len(set(secrets)) == len(secrets)
    assert all(len(bytes.fromhex(made.read(name))) == 32 for name in ("platform.hmac", "cursor.key", "quarantine.key", "audit.nonce.key"))


def test_the_public_key_belongs_to_the_private_one(tmp_path: Path) -> None:
    made = keys.ensure(tmp_path, ())
    private = serialization.load_pem_private_key(made.read("bundle-signing.pem").encode(), None)
    public = serialization.load_pem_public_key(made.read("bundle-signing.pub").encode())
    assert private.public_key() == public


def test_data_without_its_key_is_refused_with_the_command_that_begins_afresh(tmp_path: Path) -> None:
    made = keys.ensure(tmp_path, ())
    made.path("platform.hmac").unlink()
    with pytest.raises(errors.DataUnusable, match=r"platform\.hmac.*databus down --erase"):
        keys.ensure(tmp_path, (), data_exists=True)
    assert not made.path("platform.hmac").exists()


@pytest.mark.parametrize("left", ['{"layout": 1, "kafka": "3.9.0", "postgres": 18}', "garbage", None])
def test_data_of_another_version_is_refused(tmp_path: Path, left: str | None) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18")
    if left is not None:
        (tmp_path / "version.json").write_text(left)
    with pytest.raises(errors.DataUnusable, match="databus down --erase"):
        home.require_usable(tmp_path)


def test_an_erased_home_is_usable_again_and_other_files_stay(tmp_path: Path) -> None:
    keys.ensure(tmp_path, ())
    (tmp_path / "kafka").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    home.erase(tmp_path)
    home.require_usable(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"notes.txt", "version.json"}


def test_each_department_hides_its_persons_under_a_key_of_its_own(tmp_path: Path) -> None:
    made = keys.ensure(tmp_path, ("taxation", "ecology"))
    assert len(keys.department_secret(made, "taxation")) == 32
    assert keys.department_secret(made, "taxation") != keys.department_secret(made, "ecology")
    made.path("departments/taxation.hmac").unlink()
    with pytest.raises(errors.DataUnusable):
        keys.ensure(tmp_path, ("taxation", "ecology"), data_exists=True)
