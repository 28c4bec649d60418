"""The contract of a store on SQLite, and what is its own: a file."""

import resource
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stores import make
from stores.contract import FOREVER, Opener, StoreContract

from partita.ledger.store.choice import open_reader, open_store
from partita.ledger.store.errors import (
    StoreDamaged,
    StoreMissing,
    StoreReplaced,
    StoreUnavailable,
    StoreVersion,
)
from partita.ledger.store.port import Retention, Store
from partita.ledger.store.rows import Rows
from partita.ledger.store.sqlite import SqliteStore
from partita.schemas.errors import InvalidValue


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store of a test is."""
    return tmp_path / "store.sqlite"


@pytest.fixture
def opener(path: Path) -> Iterator[Opener]:
    """Open the store of a test, each time by a connection of its own."""
    opened: list[Store] = []

    def open_it(*, retention: Retention, anew: bool = False) -> Store:
        opened.append(open_store(f"sqlite:{path}", retention, anew=anew))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


class TestSqlite(StoreContract):
    """All of the contract."""


def test_a_reader_makes_no_store(path: Path) -> None:
    """Where there is none it says so, and who makes it."""
    with pytest.raises(StoreMissing, match="partita up"):
        open_reader(f"sqlite:{path}")

    assert not path.exists()


def test_a_store_that_is_about_to_be_made_is_not_there_yet(path: Path) -> None:
    """Its file is, and nothing is in it."""
    sqlite3.connect(path).close()
    path.touch()

    with pytest.raises(StoreMissing, match="yet"):
        open_reader(f"sqlite:{path}")


@pytest.mark.parametrize("address", ["sqlite:", "mysql:x", "", "store.sqlite"])
def test_another_kind_of_store_is_refused(address: str) -> None:
    """The kinds that there are are named."""
    for way in (open_reader, open_store):
        with pytest.raises(InvalidValue, match="sqlite:PATH"):
            way(address)


def test_another_version_is_refused_and_begun_anew_by_word_only(path: Path, opener: Opener) -> None:
    """It says what to do; nothing in it is changed until it is done."""
    opener(retention=FOREVER).write(Rows(orders=(make.order(),)))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'version'")
    connection.close()

    with pytest.raises(StoreVersion, match=r"version 99.*partita store rebuild"):
        opener(retention=FOREVER)
    with pytest.raises(StoreVersion):
        open_reader(f"sqlite:{path}")

    store = opener(retention=FOREVER, anew=True)
    assert store.order(1, 1) is None


@pytest.mark.parametrize(
    "content", [b"no database at all" * 100, b"SQLite format 3\0" + b"x" * 8000]
)
def test_a_damaged_file_is_refused_and_begun_anew_by_word_only(
    path: Path, opener: Opener, content: bytes
) -> None:
    """What it holds is of no use, and it can be made again."""
    path.write_bytes(content)

    with pytest.raises(StoreDamaged, match="partita store rebuild"):
        opener(retention=FOREVER)
    assert content == path.read_bytes()

    opener(retention=FOREVER, anew=True).write(Rows(orders=(make.order(),)))
    assert make.order() == opener(retention=FOREVER).order(1, 1)


def test_a_file_that_was_removed_is_noticed(path: Path, opener: Opener) -> None:
    """Its writer must not go on writing into nowhere."""
    store = opener(retention=FOREVER)
    for beside in ("", "-wal", "-shm"):
        Path(f"{path}{beside}").unlink(missing_ok=True)

    with pytest.raises(StoreReplaced):
        store.write(Rows(orders=(make.order(),)))


def test_a_store_begun_anew_while_it_is_asked_is_noticed(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a row that is not there any more would be taken for one that never was."""
    store, other = opener(retention=FOREVER), opener(retention=FOREVER)
    store.write(Rows(orders=(make.order(),), balances=(make.balance(),)))
    load = SqliteStore._load  # noqa: SLF001 - what comes between its two looks

    def late(self: SqliteStore, *asked: Any) -> list[Any]:
        other.clear()
        return load(self, *asked)

    monkeypatch.setattr(SqliteStore, "_load", late)

    with pytest.raises(StoreReplaced):
        store.load_orders([(1, 1)])
    with pytest.raises(StoreReplaced):
        store.load_balances([(1, 1)])


def test_a_lock_that_is_held_is_unavailability(path: Path, opener: Opener) -> None:
    """Another process in the middle of something: try again."""
    store = opener(retention=FOREVER)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    with pytest.raises(StoreUnavailable, match="locked"):
        store.write(Rows(orders=(make.order(),)))
    other.execute("ROLLBACK")
    other.close()

    store.write(Rows(orders=(make.order(),)))
    assert make.order() == store.order(1, 1)


def test_a_full_disk_loses_nothing(path: Path, opener: Opener) -> None:
    """The write fails as a whole, and can be given again when there is room."""
    store = opener(retention=FOREVER)
    store.write(Rows(orders=(make.order(),), progress=(make.progress(1),)))
    rows = Rows(
        orders=tuple(make.done(order_id=n) for n in range(1, 2_000)), progress=(make.progress(9),)
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 65_536, hard))
    try:
        with pytest.raises(StoreUnavailable):
            store.write(rows)
        assert make.order() == store.order(1, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    store.write(rows)

    assert make.done() == store.order(1, 1)
    assert [9] == [at.number for at in store.progress().values()]
