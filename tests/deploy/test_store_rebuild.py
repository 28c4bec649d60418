"""`partita store rebuild`: what is asked for is done, however often it takes."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from stores import make
from stores.contract import FOREVER

from partita.deploy.commands import store as command
from partita.ledger.store.choice import open_store
from partita.ledger.store.errors import StoreUnavailable
from partita.ledger.store.port import Retention, Store
from partita.ledger.store.rows import Rows


class ReadsNothing:
    """A projector of an empty log: it opens the store as often as it takes."""

    rows = 0

    def __init__(self, _bootstrap: str, open_it: Callable[[], Store], *_: Any) -> None:
        self._open = open_it

    def run(self, *, to_the_end: bool) -> None:
        """Open the store, and once more as when it was begun anew meanwhile."""
        assert to_the_end
        for _ in range(2):
            with suppress(StoreUnavailable):
                self._open().close()


@pytest.mark.parametrize("failures", [0, 1])
def test_a_store_that_does_not_answer_at_once_is_emptied_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    """Another process may be in the middle of something; and what is rebuilt is emptied once."""
    address, asked = f"sqlite:{tmp_path / 'store.sqlite'}", list[bool]()
    kept = open_store(address, FOREVER)
    kept.write(Rows(orders=(make.order(),)))
    kept.close()

    def open_it(place: str, retention: Retention, *, anew: bool) -> Store:
        asked.append(anew)
        if len(asked) <= failures:
            raise StoreUnavailable("locked")
        return open_store(place, retention, anew=anew)

    monkeypatch.setattr(command, "open_store", open_it)
    monkeypatch.setattr(command, "Projector", ReadsNothing)
    found = CliRunner().invoke(command.rebuild, ["--store", address, "--bootstrap", "127.0.0.1:1"])

    assert 0 == found.exit_code, found.output
    assert asked == [True, failures == 1]
    reopened = open_store(address, FOREVER)
    assert reopened.order(1, 1) is None
    reopened.close()
