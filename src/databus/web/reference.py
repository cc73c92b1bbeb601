"""The OpenAPI description, laid out for a page without scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True)
class Operation:
    """One operation as the page shows it; `answers` are (status, words), `example` is an answer as text."""

    method: str
    path: str
    tag: str
    summary: str
    description: str
    parameters: tuple[Mapping[str, Any], ...]
    answers: tuple[tuple[str, str], ...]
    example: str
    request: str


def operations(description: Mapping[str, Any]) -> tuple[Operation, ...]:
    """All operations in their order."""
    return tuple(_operations(description))


def _operations(description: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in description["paths"].items():
        for method, raw in methods.items():
            responses = raw.get("responses", {})
            yield Operation(
                method=method.upper(),
                path=path,
                tag=(raw.get("tags") or ["other"])[0],
                summary=raw.get("summary", ""),
                description=raw.get("description", ""),
                parameters=tuple(raw.get("parameters", ())),
                answers=tuple((status, response["description"]) for status, response in sorted(responses.items())),
                example=_example(responses.get("200", {}).get("content", {})),
                request=_example(raw.get("requestBody", {}).get("content", {})),
            )


def _example(content: Mapping[str, Any]) -> str:
    for media in content.values():
        example = media.get("example")
        if isinstance(example, str):
            return example
        if example is not None:
            return orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()
    return ""
