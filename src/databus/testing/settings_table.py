"""The table of settings in the README, made from their descriptions: `python -m databus.testing.settings_table [README.md]`.

Without a file it prints the table; with one it writes it between the two markers.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, SecretStr

from databus.errors import Malformed
from databus.settings import CHECKOUT, Settings

BEGIN, END = "<!-- settings -->", "<!-- /settings -->"
NESTED = "__"


def settings_table(settings: type[BaseModel] = Settings) -> str:
    """A markdown table: variable, default, meaning; one line per setting, branches flattened."""
    lines = [f"| `{name}` | {default} | {meaning} |" for name, default, meaning in _rows(settings, "DATABUS_")]
    return "\n".join(("| variable | default | meaning |", "|---|---|---|", *lines))


def written_into(text: str) -> str:
    """The text with the table between its markers.

    Raises:
        Malformed: the text does not hold both markers once, in order.
    """
    before, found, rest = text.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not found or not closed or BEGIN in rest or END in after:
        raise Malformed(f"the text needs {BEGIN} and, behind it, {END}, once each")
    return f"{before}{BEGIN}\n{settings_table()}\n{END}{after}"


def _rows(settings: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _rows(field.annotation, f"{prefix}{name.upper()}{NESTED}")
        else:
            yield f"{prefix}{name.upper()}", _shown(field.get_default(call_default_factory=True)), field.description or ""


def _shown(default: object) -> str:
    if isinstance(default, Path):
        # Where a checkout or a home lies differs from machine to machine.
        near = (("", CHECKOUT), ("~/", Path.home()))
        return next((f"`{lead}{default.relative_to(root)}`" for lead, root in near if default.is_relative_to(root)), f"`{default}`")
    text = default.get_secret_value() if isinstance(default, SecretStr) else str(default)
    text = text.lower() if isinstance(default, bool) else text
    return f"`{text}`" if text else "–"


def main(arguments: Sequence[str]) -> int:
    """Print the table, or write it into the files named; the exit code."""
    for name in arguments:
        path = Path(name)
        path.write_text(written_into(path.read_text("utf-8")), "utf-8")
    if not arguments:
        print(settings_table())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
