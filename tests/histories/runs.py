"""Whole numbers in any order, kept as runs without gaps: a dense history costs nothing."""


class Runs:
    """A set of numbers, each of which may be added once.

    >>> runs = Runs()
    >>> [runs.add(number) for number in (1, 2, 4, 3, 3, 7)]
    [True, True, True, True, False, True]
    >>> runs.all()
    [(1, 4), (7, 7)]
    """

    def __init__(self) -> None:
        self._last_of: dict[int, int] = {}  # by the first number of a run
        self._first_of: dict[int, int] = {}  # by the last

    def add(self, number: int) -> bool:
        """Add a number; return whether it is new.

        Only the ends of runs are looked at where that suffices; else all runs, which are few.
        """
        if any(first <= number <= last for first, last in self._last_of.items()):
            return False
        first = self._first_of.pop(number - 1, number)
        last = self._last_of.pop(number + 1, number)
        self._last_of.pop(first, None)
        self._first_of.pop(last, None)
        self._last_of[first] = last
        self._first_of[last] = first
        return True

    def all(self) -> list[tuple[int, int]]:
        """Return the runs, each by its first and last number, ascending."""
        return sorted(self._last_of.items())
