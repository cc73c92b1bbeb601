"""The YAML of schemas/, read by libyaml where PyYAML was built with it: the pure reader takes seven times as long (measured)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """What a file says.

    Raises:
        OSError, ValueError: it cannot be read. yaml.YAMLError: it is no YAML.
    """
    return yaml.load(path.read_text("utf-8"), Loader=_LOADER)
