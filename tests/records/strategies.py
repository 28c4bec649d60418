"""Hypothesis strategies for every message of the log, made from the Avro schemas themselves."""

from typing import Any

from hypothesis import strategies as st

from partita.schemas import enums
from partita.schemas.codec import SCHEMAS
from partita.schemas.converter import CLASSES, Message, named_types
from partita.schemas.reasons import Reason

_PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(-(1 << 31), (1 << 31) - 1),
    "long": st.integers(-(1 << 63), (1 << 63) - 1),
    "boolean": st.booleans(),
    "string": st.text(max_size=40),
    "bytes": st.binary(max_size=40),
}
_INT128 = st.integers(-(1 << 127), (1 << 127) - 1)


def _of(kind: Any, types: dict[str, Any]) -> st.SearchStrategy[Any]:
    if isinstance(kind, list):
        return st.one_of([_of(member, types) for member in kind])
    if isinstance(kind, str):
        return _of(types[kind], types) if kind in types else _PRIMITIVES[kind]
    if kind["type"] == "enum":
        members = vars(enums).get(kind["name"].rsplit(".", 1)[1], Reason)
        return st.sampled_from(list(members))
    if kind["type"] == "record":
        fields = [_of(field["type"], types) for field in kind["fields"]]
        return st.builds(CLASSES[kind["name"]], *fields)
    if kind["type"] == "array":
        return st.lists(_of(kind["items"], types), max_size=4).map(tuple)
    return _INT128 if kind.get("logicalType") == "int128" else _PRIMITIVES[kind["type"]]


def messages(record: str) -> st.SearchStrategy[Message]:
    """Return a strategy for the messages of one record of the log."""
    parsed = SCHEMAS[record].parsed
    return _of(parsed, named_types(parsed, {}))
