"""`partita dead-letters`: what could not be read, kept for a person."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from partita.deploy.commands.address import bootstrap_option, json_option
from partita.deploy.commands.groups import DefaultGroup
from partita.deploy.commands.views import clock, console, number, plain_table, print_json
from partita.deploy.dead_letters import counted, dead_letter, dead_letters
from partita.deploy.operate.describe import printable
from partita.deploy.operate.places import Place
from partita.schemas.dead_letter import DeadLetter
from partita.schemas.errors import InvalidValue

_ROW_BYTES = 16


@click.group("dead-letters", cls=DefaultGroup, default="list")
def dead_letters_group() -> None:
    """Show the records that no worker could read: what they were, and why.

    Their partitions went on without them. Without the name of a command it lists them.

    \b
    Examples:
      partita dead-letters
      partita dead-letters show orders/0/17
      partita dead-letters count
    """


@dead_letters_group.command("list")
@click.option("--topic", metavar="TOPIC", help="Only records of this topic.")
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Show so many at most.",
)
@bootstrap_option
@json_option
def list_(topic: str | None, limit: int, bootstrap: str, as_json: bool) -> None:
    """List them, newest first, one for each place where such a record was.

    \b
    Examples:
      partita dead-letters --limit 5
      partita dead-letters list --topic account-commands --json | jq -r '.[].place'
    """
    found = [
        letter
        for letter in dead_letters(bootstrap).values()
        if topic is None or letter.topic == topic
    ]
    shown = found[:limit]
    if as_json:
        print_json([_values(letter) for letter in shown])
        return
    out = console()
    if not found:
        out.print("no dead letters" if topic is None else Text(f"no dead letters of {topic}"))
        return
    table = plain_table("place", "time (UTC)", "bytes", "error", left=("place", "error"))
    for letter in shown:
        table.add_row(
            Text(printable(str(Place.of(letter)))),
            _time(letter),
            number(letter.size),
            Text(printable(letter.error)),
        )
    out.print(table)
    if len(found) > len(shown):
        out.print(f"[dim]{len(shown)} of {number(len(found))}; --limit shows more")


@dead_letters_group.command()
@click.argument("place", metavar="TOPIC/PARTITION/OFFSET")
@click.option(
    "--raw",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the bytes that are kept of it to this file.",
)
@bootstrap_option
@json_option
def show(place: str, raw: Path | None, bootstrap: str, as_json: bool) -> None:
    """Show all that is kept of one record: its bytes, and why they could not be read.

    \b
    Examples:
      partita dead-letters show orders/0/17
      partita dead-letters show orders/0/17 --raw record.bin
    """
    wanted = Place.parse(place)
    letter = dead_letter(bootstrap, wanted)
    if letter is None:
        rule = "no dead letter is of this place; see `partita dead-letters`"
        raise InvalidValue("place", place, rule)
    if raw is not None:
        try:
            raw.write_bytes(letter.value)
        except OSError as error:
            raise InvalidValue("--raw", str(raw), f"cannot be written: {error}") from error
    if as_json:
        print_json(_values(letter) | {"kept": len(letter.value), "value_hex": letter.value.hex()})
        return
    table = plain_table("", "", left=("",))
    table.show_header = False
    for name, text in (
        ("place", str(wanted)),
        ("time", f"{_time(letter)} UTC"),
        ("error", printable(letter.error)),
        ("size", f"{number(letter.size)} bytes{_kept(letter)}"),
        ("sha256", letter.sha256.hex()),
    ):
        table.add_row(Text(name, "dim"), Text(text))
    out = console()
    out.print(table)
    for line in _dump(letter.value):
        click.echo(line)
    if raw is not None:
        out.print(Text(f"{number(len(letter.value))} bytes written to {raw}"))


@dead_letters_group.command()
@bootstrap_option
@json_option
def count(bootstrap: str, as_json: bool) -> None:
    """Count them by topic and kind of error; numbers in an error's text stand as N.

    \b
    Examples:
      partita dead-letters count
      partita dead-letters count --json | jq .total
    """
    rows = counted(dead_letters(bootstrap))
    total = sum(row[2] for row in rows)
    if as_json:
        kinds = [{"topic": topic, "error": kind, "count": n} for topic, kind, n in rows]
        print_json({"total": total, "kinds": kinds})
        return
    table = plain_table("topic", "error", "count", left=("topic", "error"))
    for topic, kind, n in rows:
        table.add_row(Text(printable(topic)), Text(printable(kind)), number(n))
    out = console()
    if rows:
        out.print(table)
    out.print(f"{number(total)} dead letter{'' if total == 1 else 's'}")


def _values(letter: DeadLetter) -> dict[str, Any]:
    """Return a letter, but for its bytes, as a program reads it."""
    return {
        "place": str(Place.of(letter)),
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "time_ms": letter.time_ms,
        "error": letter.error,
        "size": letter.size,
        "sha256": letter.sha256.hex(),
    }


def _time(letter: DeadLetter) -> str:
    try:
        return clock(letter.time_ms)
    except (OverflowError, ValueError, OSError):  # a letter that somebody made up
        return f"{letter.time_ms} ms"


def _kept(letter: DeadLetter) -> str:
    kept = len(letter.value)
    return "" if kept == letter.size else f", of which the first {number(kept)} are kept"


def _dump(value: bytes) -> Iterator[str]:
    """Yield bytes as lines: where, in hexadecimal, and what is printable ASCII of them."""
    for at in range(0, len(value), _ROW_BYTES):
        row = value[at : at + _ROW_BYTES]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        yield f"{at:08x}  {row.hex(' '):<{_ROW_BYTES * 3 - 1}}  {text}"
