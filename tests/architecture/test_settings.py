"""Settings are described, documented in the README as they are, and read by one module."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, Field, SecretStr, ValidationError

from architecture.tree import SRC, parsed, python_files, shown
from databus.errors import Malformed
from databus.settings import CHECKOUT, Settings
from databus.testing.settings_table import BEGIN, END, settings_table, written_into


def branches(settings: type[BaseModel] = Settings) -> Iterator[type[BaseModel]]:
    yield settings
    for field in settings.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from branches(field.annotation)


def test_every_setting_says_what_it_means() -> None:
    for branch in branches():
        for name, field in branch.model_fields.items():
            nested = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
            assert nested or len(field.description or "") > 10, f"{branch.__name__}.{name}"


def test_the_readme_holds_the_table_as_it_is() -> None:
    text = (CHECKOUT / "README.md").read_text("utf-8")
    assert text == written_into(text), "python -m databus.testing.settings_table README.md"


def test_the_table_names_every_variable_and_no_secret_or_place_of_this_machine() -> None:
    class Branch(BaseModel):
        password: SecretStr = Field(default=SecretStr(""), description="of the branch")

    class Tree(BaseModel):
        home: str = Field(default_factory=lambda: "here", description="where it lies")
        loud: bool = Field(default=True, description="as told")
        branch: Branch = Field(default_factory=Branch)

    assert settings_table(Tree).splitlines()[2:] == [
        "| `DATABUS_HOME` | `here` | where it lies |",
        "| `DATABUS_LOUD` | `true` | as told |",
        "| `DATABUS_BRANCH__PASSWORD` | – | of the branch |",
    ]
    assert str(CHECKOUT) not in settings_table() and "| `DATABUS_HOME` | `.databus` |" in settings_table()


def test_a_stale_table_is_written_anew_and_the_rest_is_left() -> None:
    text = written_into(f"before\n{BEGIN}\nstale\n{END}\nafter\n")
    assert text.startswith(f"before\n{BEGIN}\n| variable ") and text.endswith(f"|\n{END}\nafter\n") and "stale" not in text
    assert written_into(text) == text


@pytest.mark.parametrize("text", ["", BEGIN, f"{END} {BEGIN}", f"{BEGIN} {BEGIN} {END}", f"{BEGIN} {END} {END}"])
def test_a_text_without_its_markers_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="settings"):
        written_into(text)


def test_only_settings_reads_the_environment() -> None:
    readers = {path for path in python_files() if any(_reads(node) for node in ast.walk(parsed(path)))}
    assert readers == {SRC / "databus" / "settings.py"}, [shown(path) for path in readers]


def _reads(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
        return node.attr in ("environ", "environb", "getenv", "getenvb", "putenv", "unsetenv")
    return isinstance(node, ast.ImportFrom) and node.module == "os" and any(name.name in ("environ", "getenv") for name in node.names)


def test_a_setting_comes_from_its_variable_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABUS_KAFKA__BOOTSTRAP", "broker:9092")
    monkeypatch.setenv("DATABUS_KAFKA__PASSWORD", "a secret")
    settings = Settings()
    assert settings.kafka.bootstrap == "broker:9092" and "a secret" not in repr(settings)
    with pytest.raises(ValidationError):
        settings.kafka.bootstrap = "another"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["DATABUS_KAFKA__BOOTSTRAPP", "DATABUS_OPA__TIMEOUT"])
def test_a_misspelt_setting_stops_the_start(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(ValidationError, match=name.rpartition("__")[2].lower()):
        Settings()
