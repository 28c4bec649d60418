"""Views of a store: as new as is asked for, in time, and told apart from what is not there."""

import threading
import time
from pathlib import Path

import pytest
from stores import make
from stores.contract import FOREVER

from partita.ledger.queries import At, Queries
from partita.ledger.store.errors import StoreBehind, StoreMissing
from partita.ledger.store.rows import Rows, Source
from partita.ledger.store.sqlite import SqliteStore
from partita.producers import Position
from partita.schemas.errors import InvalidValue

SHARD = Source("account-events", "id", 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the store of a test is; it is there."""
    store = SqliteStore.open(tmp_path / "store.sqlite", FOREVER)
    store.write(Rows(balances=(make.balance(),), progress=(make.progress(7, SHARD),)))
    store.close()
    return tmp_path / "store.sqlite"


def queries(path: Path, timeout_s: float = 5.0) -> Queries:
    """Open the store of an exchange of two shards."""
    return Queries(f"sqlite:{path}", 2, timeout_s=timeout_s)


def test_a_view_says_where_it_stands(path: Path) -> None:
    """By shard and number, as acknowledgements do; a shard that nothing is known of is at 0."""
    with queries(path) as asked:
        view = asked.balances(1)

        assert [make.balance()] == view.found
        assert (1, 7) == tuple(view.position)
        assert (0, 0) == tuple(asked.balances(2).position)


def test_a_view_that_is_new_enough_comes_at_once(path: Path) -> None:
    """The position that was asked for, or a later one."""
    with queries(path, timeout_s=0.0) as asked:
        for number in (1, 7):
            assert [make.balance()] == asked.balances(1, at_least=Position(1, number)).found


def test_a_view_waits_until_the_store_has_come_so_far(path: Path) -> None:
    """And shows what was written by then."""
    store = SqliteStore.open(path, FOREVER)
    newer = make.balance(number=9, available=5)

    def project() -> None:
        time.sleep(0.1)
        store.write(Rows(balances=(newer,), progress=(make.progress(9, SHARD),)))

    projector = threading.Thread(target=project)
    projector.start()
    with queries(path) as asked:
        view = asked.balances(1, at_least=Position(1, 9))
    projector.join()
    store.close()

    assert [newer] == view.found
    assert (1, 9) == tuple(view.position)


def test_the_wait_is_bounded(path: Path) -> None:
    """Then it says how far the store is."""
    with (
        queries(path, timeout_s=0.05) as asked,
        pytest.raises(StoreBehind, match="at event 7 of shard 1, and not at 8"),
    ):
        asked.orders(1, at_least=Position(1, 8))


def test_a_position_of_another_shard_is_refused(path: Path) -> None:
    """It says nothing about this account; waiting for it would be a mistake."""
    with queries(path) as asked, pytest.raises(InvalidValue, match="account 1 is on shard 1"):
        asked.balances(1, at_least=Position(0, 1))


@pytest.mark.parametrize("limit", [0, -1, 1_001])
def test_a_page_has_its_bounds(path: Path, limit: int) -> None:
    """Whatever is asked for."""
    with queries(path) as asked, pytest.raises(InvalidValue, match="limit"):
        asked.fills(1, limit=limit)


def test_an_order_has_one_name_at_a_time(path: Path) -> None:
    """Neither or both is a mistake of the caller's."""
    with queries(path) as asked:
        for names in ({}, {"order_id": 1, "client_order_id": "one"}):
            with pytest.raises(InvalidValue, match="give one of"):
                asked.order(1, **names)  # type: ignore[arg-type]  # the point of this test


def test_a_store_begun_anew_is_asked_again(path: Path) -> None:
    """Whoever asks does not have to know."""
    with queries(path) as asked:
        store = SqliteStore.open(path, FOREVER, anew=True)
        store.write(Rows(balances=(make.balance(number=2),)))
        store.close()

        assert [make.balance(number=2)] == asked.balances(1).found


def test_a_view_of_a_store_begun_anew_meanwhile_is_as_new_as_was_asked_for(path: Path) -> None:
    """Between the look at the position and the answer; then it waits for the position again."""

    class Emptied(Queries):
        """It is begun anew once it has been found new enough."""

        def _wait(self, account: int, at_least: tuple[int, int] | None) -> At:
            position = super()._wait(account, at_least)
            if not looks:
                SqliteStore.open(path, FOREVER, anew=True).close()
                threading.Timer(0.1, project).start()
            looks.append(position)
            return position

    def project() -> None:
        store = SqliteStore.open(path, FOREVER)
        store.write(Rows(balances=(make.balance(),), progress=(make.progress(7, SHARD),)))
        store.close()

    looks: list[At] = []
    with Emptied(f"sqlite:{path}", 2) as asked:
        view = asked.balances(1, at_least=Position(1, 7))

    assert 2 == len(looks)
    assert [make.balance()] == view.found
    assert (1, 7) == tuple(view.position)


def test_without_a_store_it_says_so(tmp_path: Path) -> None:
    """And makes none."""
    with pytest.raises(StoreMissing):
        queries(tmp_path / "none.sqlite")
