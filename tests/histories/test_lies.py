"""The auditor and the checker bite: each lie is found, and named for what it is."""

import pytest
from histories.check import check_history
from histories.day import Day
from histories.lies import LIES
from histories.lies_to_clients import LIES_TO_CLIENTS
from histories.lying import Lie
from histories.violation import Violation


def test_the_day_that_lies_are_told_of_is_right() -> None:
    """Without a lie nothing is found."""
    summary = check_history(Day().run())

    assert (7, 1, 1) == (summary.trades, summary.taken_after_all, summary.never_taken)


@pytest.mark.parametrize("lie", [*LIES, *LIES_TO_CLIENTS], ids=lambda lie: lie.__name__)
def test_a_lie_is_found(lie: Lie) -> None:
    """And what is found is said in words that fit."""
    day = Day()
    entries = day.run()
    words = {**LIES, **LIES_TO_CLIENTS}[lie]

    with pytest.raises(Violation, match=words) as found:
        check_history(lie(day, entries))

    print(f"{lie.__name__}: {found.value}")  # seen with -s
