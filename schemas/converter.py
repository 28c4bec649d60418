"""Between the plain dicts that an Avro library reads and the messages of this package."""

from collections.abc import Callable
from typing import Any, cast

from partita.schemas import (
    accounts,
    commands,
    dead_letter,
    enums,
    feed,
    instrument,
    market_data,
    operations,
    orders,
    reports,
    snapshots,
)
from partita.schemas.reasons import Reason

Message = Any  # a NamedTuple of partita.schemas; which one, its schema says
Plain = dict[str, Any]
Convert = Callable[[Any], Any]

# Every record of the log by its full name. A class stands where it is defined, not imported.
_MODULES = {
    "partita.commands": commands,
    "partita.orders": orders,
    "partita.reports": reports,
    "partita.accounts": accounts,
    "partita.feed": feed,
    "partita.market_data": market_data,
    "partita.snapshots": snapshots,
    "partita.operations": operations,
    "partita": instrument,
}
CLASSES: dict[str, type[Any]] = {
    f"{namespace}.{name}": found
    for namespace, module in _MODULES.items()
    for name, found in vars(module).items()
    if isinstance(found, type) and found.__module__ == module.__name__
} | {"partita.DeadLetter": dead_letter.DeadLetter}


def named_types(schema: Any, found: dict[str, Any]) -> dict[str, Any]:
    """Collect the definitions of all named types in a parsed schema."""
    if isinstance(schema, list):
        for member in schema:
            named_types(member, found)
    elif isinstance(schema, dict):
        if schema["type"] in ("record", "enum"):
            found[schema["name"]] = schema
        for field in schema.get("fields", ()):
            named_types(field["type"], found)
        if schema["type"] == "array":
            named_types(schema["items"], found)
    return found


def _name(schema: Any) -> str:
    """Return the name of a type that may stand as a definition or by name."""
    return cast("str", schema if isinstance(schema, str) else schema.get("name", schema["type"]))


def _enum_reader(name: str) -> Callable[[str], Any]:
    short = name.rsplit(".", 1)[1]
    members = vars(enums).get(short) or Reason
    return {str(member): member for member in members}.__getitem__


class Converter:
    """Turns fastavro's dicts into the messages of this package and back, for one schema."""

    def __init__(self, types: dict[str, Any]) -> None:
        self.types = types
        self.writers: dict[str, Callable[[Message], Plain]] = {}
        self.readers: dict[str, Callable[[Plain], Message]] = {}
        self.names: dict[type[Any], str] = {}
        for name, schema in types.items():
            if schema["type"] == "record":
                self.names[CLASSES[name]] = name
        for name in self.names.values():
            self._add(name)

    def _add(self, name: str) -> None:
        of_class, fields = CLASSES[name], self.types[name]["fields"]
        keys = [field["name"] for field in fields]
        reads: list[tuple[int, Convert]] = []
        writes: list[tuple[int, Convert]] = []
        for at, field in enumerate(fields):
            kind = field["type"]
            if isinstance(kind, dict) and kind["type"] == "array":
                if (items := self._array(kind["items"])) is not None:
                    writes.append((at, items[0]))
                    reads.append((at, items[1]))
                else:
                    reads.append((at, tuple))
            elif (of := self.types.get(_name(kind), {}).get("type")) == "enum":
                reads.append((at, _enum_reader(_name(kind))))
            elif of == "record":
                writes.append((at, self._nested(self.writers, _name(kind))))
                reads.append((at, self._nested(self.readers, _name(kind))))
        self.writers[name] = _writer(keys, writes)
        self.readers[name] = _reader(of_class, reads)

    def _nested(self, converts: dict[str, Convert], name: str) -> Convert:
        def convert(value: Any) -> Any:
            return converts[name](value)  # looked up late: it may be made later

        return convert

    def _array(self, items: Any) -> tuple[Convert, Convert] | None:
        names, writers, readers = self.names, self.writers, self.readers
        if isinstance(items, list):

            def write_union(values: tuple[Message, ...]) -> list[tuple[str, Plain]]:
                return [
                    (names[type(value)], writers[names[type(value)]](value)) for value in values
                ]

            def read_union(values: list[tuple[str, Plain]]) -> tuple[Message, ...]:
                return tuple([readers[name](plain) for name, plain in values])

            return write_union, read_union
        if (name := _name(items)) in self.types:
            return (
                lambda values: [writers[name](value) for value in values],
                lambda values: tuple([readers[name](plain) for plain in values]),
            )
        return None


def _writer(keys: list[str], writes: list[tuple[int, Convert]]) -> Callable[[Message], Plain]:
    if not writes:
        return lambda message: dict(zip(keys, message, strict=True))

    def write(message: Message) -> Plain:
        values = list(message)
        for at, convert in writes:
            values[at] = convert(values[at])
        return dict(zip(keys, values, strict=True))

    return write


def _reader(of_class: Any, reads: list[tuple[int, Convert]]) -> Callable[[Plain], Message]:
    # fastavro keeps the schema's order of fields, which is the class's (a test compares them).
    make = of_class._make
    if not reads:
        return lambda plain: make(plain.values())

    def read(plain: Plain) -> Message:
        values = list(plain.values())
        for at, convert in reads:
            values[at] = convert(values[at])
        return make(values)

    return read
