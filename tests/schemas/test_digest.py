"""The digest of a state."""

from hypothesis import given
from hypothesis import strategies as st

from partita.schemas.digest import Value, digest

VALUES: st.SearchStrategy[Value] = st.recursive(
    st.integers() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=8,
)


def typed(value: Value) -> object:
    """Return a value with its types: True and 1, and b"" and "", must not pass for one another."""
    return [typed(part) for part in value] if isinstance(value, tuple) else (type(value), value)


@given(VALUES, VALUES)
def test_equal_values_and_only_they_have_equal_digests(one: Value, other: Value) -> None:
    """No two values share their bytes."""
    assert (typed(one) == typed(other)) == (digest(one) == digest(other))


def test_the_digest_of_a_value_is_fixed() -> None:
    """Engines in other languages can be held against this one."""
    expected = "765302afc2"

    assert expected == digest((1, "a", b"b", (-2,), True)).hex()[:10]
