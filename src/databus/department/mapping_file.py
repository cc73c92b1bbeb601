"""A mapping as it is written: plain YAML of bounded size, in which each name stands once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from databus.errors import BadMapping

LARGEST = 256 << 10
"""Bytes of a file."""


class _Plain(yaml.SafeLoader):
    """YAML without aliases, for a mapping needs none and a few lines of them can stand for more than memory holds; and without a name
    told twice, of which the reader would silently keep the last."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="a mapping has no aliases", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set[tuple[str, str]]()
        for name, _ in node.value:
            if isinstance(name, yaml.ScalarNode):
                if (name.tag, name.value) in seen:
                    raise yaml.MarkedYAMLError(problem=f"{name.value} stands here a second time", problem_mark=name.start_mark)
                seen.add((name.tag, name.value))
        return super().construct_mapping(node, deep)


def read(path: Path) -> Mapping[Any, Any]:
    """What a mapping file says, not yet checked against the contract.

    Raises:
        BadMapping: it is not there, too large, or not such YAML; the place in it is named.
    """
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise BadMapping(f"{path.name} is larger than {LARGEST:,} bytes", file=path.name)
        raw = yaml.load(text.decode(), _Plain)
    except OSError as error:
        raise BadMapping(f"{path.name} cannot be read: {error.strerror}", file=path.name) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise BadMapping(f"{path.name}{place}: {error.problem}", file=path.name) from error
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        raise BadMapping(f"{path.name} is not a YAML file that can be read", file=path.name) from error
    if not isinstance(raw, dict):
        raise BadMapping(f"{path.name} holds no mapping", file=path.name)
    return raw
