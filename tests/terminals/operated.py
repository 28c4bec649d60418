"""The exchange of the operator's tests, and what they look at."""

from decimal import Decimal
from pathlib import Path

from terminals.terminal import Terminal

from partita.deploy.instruments import COLUMNS
from partita.deploy.listing import clients_topic
from partita.deploy.rules_change import RulesChange
from partita.log.kafka.reader import Reader
from partita.log.kafka.sender import Sender
from partita.log.port import Outgoing
from partita.schemas.codec import encode
from partita.schemas.instrument import Instrument
from partita.schemas.topics import INSTRUMENTS, ORDERS

# Each test uses symbols of its own.
BASES = (
    "HALT",
    "FEES",
    "CAPS",
    "RACE",
    "LOST",
    "SAME",
    "BACK",
    "KEPT",
    "STOP",
    "SLOW",
    "TOLD",
    "SNAP",
)
VALUES = "0.01,0.0001,0.001,1000,100000,0.001,0.002,8,6"  # of each, behind the symbol
SELLER, BUYER = 7_101, 7_102  # on a shard each
PATIENCE_S = 20.0


def instruments_file(folder: Path, *bases: str) -> Path:
    """Write a file of instruments, all with the same values."""
    file = folder / "instruments.csv"
    rows = [",".join(COLUMNS), *(f"{base}-USD,{VALUES}" for base in bases)]
    file.write_text("\n".join(rows) + "\n")
    return file


def funded(operator: Terminal, base: str) -> str:
    """Give the seller some of an asset and the buyer dollars; return the asset's symbol."""
    operator.json(f"fund {SELLER} {base} 100")
    operator.json(f"fund {BUYER} USD 100000")
    return f"{base}-USD"


def dollars(operator: Terminal, account: int) -> Decimal:
    """Return what an account has available."""
    rows = operator.json(f"balances {account}")
    return next((Decimal(row["available"]) for row in rows if row["asset"] == "USD"), Decimal(0))


def told(bootstrap: str, symbol: str) -> Instrument:
    """Return the rules of a symbol as clients are told."""
    return clients_topic(bootstrap).instruments[symbol]


def tell(bootstrap: str, *records: Instrument) -> None:
    """Write records to the clients' topic as they are."""
    sender = Sender(bootstrap)
    for record in records:
        sender.send(Outgoing(INSTRUMENTS, 0, record.symbol.encode(), encode(record)))
    sender.flush(PATIENCE_S)


def interrupted(bootstrap: str, new: Instrument) -> None:
    """Bring rules into force as an operator who is gone before clients are told."""
    with RulesChange(bootstrap) as change:
        change.write([new])
        assert (new,) == change.settle(PATIENCE_S).taken


def sizes(bootstrap: str) -> list[dict[int, int]]:
    """Return where the topics end that rules are written to."""
    return [ends(bootstrap, ORDERS, 0, 1), ends(bootstrap, INSTRUMENTS, 0)]


def ends(bootstrap: str, topic: str, *partitions: int) -> dict[int, int]:
    """Return where partitions of a topic end."""
    reader = Reader(bootstrap, topic)
    try:
        return reader.ends(partitions)
    finally:
        reader.close()
