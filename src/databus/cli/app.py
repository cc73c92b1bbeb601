"""The verbs of `databus`, and what an error becomes: exit codes 0 done, 1 refused, 2 misused, 3 unavailable."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

import typer
from pydantic import ValidationError

from databus.cli import (
    access,
    audit,
    bench,
    down,
    erase,
    findings,
    outbox,
    profile,
    publish,
    rebuild,
    receipt,
    sample,
    schemas,
    scorecards,
    status,
    up,
    walk,
)
from databus.cli.output import as_json, aside, failure
from databus.errors import DatabusError, Misconfigured, Unavailable

DONE, REFUSED, MISUSED, UNAVAILABLE = 0, 1, 2, 3

VERBS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("up", up.up),
    ("down", down.down),
    ("status", status.status),
    ("walk", walk.walk),
    ("sample", sample.sample),
    ("scorecards", scorecards.scorecards),
    ("schemas", schemas.schemas),
    ("profile", profile.profile),
    ("erase", erase.erase),
    ("rebuild", rebuild.rebuild),
    ("bench", bench.bench),
)
GROUPS = (
    ("findings", findings.verbs),
    ("audit", audit.verbs),
    ("access", access.verbs),
    ("receipt", receipt.verbs),
    ("publish", publish.verbs),
    ("outbox", outbox.verbs),
)


def build() -> typer.Typer:
    """The command with all its verbs."""
    app = typer.Typer(name="databus", help="A provincial credit-information bus.", no_args_is_help=True, pretty_exceptions_enable=False)
    for name, verb in VERBS:
        app.command(name)(verb)
    for name, group in GROUPS:
        app.add_typer(group(), name=name)
    return app


def main() -> None:
    """Run the command line and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code of one command line; errors are said on standard error, as JSON with `--json`."""
    # What the clients of the engines log is said once more, and better, by the error that ends the command.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        code = build()(arguments, standalone_mode=False)
        return code if isinstance(code, int) else DONE
    except DatabusError as error:
        _say(error, as_document="--json" in arguments)
        return UNAVAILABLE if isinstance(error, Unavailable) else MISUSED if isinstance(error, Misconfigured) else REFUSED
    except ValidationError as error:
        for problem in error.errors():
            aside().print(failure(f"setting {'.'.join(map(str, problem['loc']))}", problem["msg"]))
        return MISUSED
    except typer.Abort:
        return REFUSED
    except Exception as error:  # noqa: BLE001 - typer's usage errors share no public base; anything else is raised on
        return _usage(error)


def _usage(error: Exception) -> int:
    show = getattr(error, "show", None)
    if show is None:
        raise error
    show()
    return MISUSED


def _say(error: DatabusError, *, as_document: bool) -> None:
    if as_document:
        print(as_json({"error": error.code, "detail": error.detail, **error.facts}), file=sys.stderr)
    else:
        aside().print(failure(error.title, error.detail))
