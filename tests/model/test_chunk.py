"""The collector waits while something is made of a chunk, and no longer."""

import gc

import pytest

from databus.model.chunk import uncollected


def test_the_collector_waits_and_goes_on_whatever_happens() -> None:
    assert gc.isenabled()
    with pytest.raises(ValueError, match="made badly"), uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()
        raise ValueError("made badly")
    assert gc.isenabled()
