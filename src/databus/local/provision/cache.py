"""The user's cache folder: each engine is built beside its place and moved into it in one step."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from databus import errors

# Everything a first run writes at once, build folders included.
FREE_BYTES = 2_500_000_000


def build_once(cache: Path, name: str, build: Callable[[Path], None]) -> Path:
    """Folder `<cache>/<name>`, built by `build(empty_folder)` if it is not there yet.

    Two checkouts may call it at once: the second waits and takes what the first has made. A build that fails leaves nothing.
    """
    place = cache / name
    if place.is_dir():
        return place
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / f".{name}.lock"):
        if place.is_dir():
            return place
        _require_room(cache)
        work = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=cache))
        try:
            built = work / "built"
            built.mkdir()
            build(built)
            built.rename(place)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return place


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _require_room(cache: Path) -> None:
    free = shutil.disk_usage(cache).free
    if free < FREE_BYTES:
        raise errors.EngineMissing(
            f"{cache} has {free / 1e9:.1f} GB free, and making the engines takes up to {FREE_BYTES / 1e9:.1f} GB for a while. "
            "Make room, or set DATABUS_CACHE to a folder on a larger disk.",
            setting="DATABUS_CACHE",
            free_bytes=free,
        )


def bytes_under(folder: Path) -> int:
    """Size of all files below a folder, as far as they can be read while they change."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118
            except OSError:
                continue
    return total
