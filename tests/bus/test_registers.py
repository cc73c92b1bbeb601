"""The state of a partition."""

from hypothesis import given
from hypothesis import strategies as st

from databus.bus.registers import Registers
from databus.model import keys

KEYS = st.builds(lambda s, r, f: keys.pack(s, r, "d/s", f), st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from("fg"))


@given(st.lists(st.tuples(KEYS, st.none() | st.binary(max_size=2))))
def test_the_last_write_wins_and_groups_agree_with_single_reads(writes: list[tuple[bytes, bytes | None]]) -> None:
    state, expected = Registers(), dict[bytes, bytes]()
    for key, value in writes:
        state.put(key, value)
        expected.pop(key, None)
        if value is not None:
            expected[key] = value
    assert len(state) == len(expected)
    assert {key: state.get(key) for key in expected} == expected
    for key in dict(writes):
        prefix = keys.prefix(key, 2)
        assert dict(state.group(prefix)) == {name: value for name, value in expected.items() if name.startswith(prefix)}


def test_the_head_of_a_subject_is_a_group_of_its_own() -> None:
    state = Registers()
    state.put(keys.pack("a", "head"), b"1")
    state.put(keys.pack("a", "r", "d/s", "content"), b"2")
    assert dict(state.group(keys.pack("a", "head"))) == {keys.pack("a", "head"): b"1"}
    assert state.get(keys.pack("a", "tail")) is None
