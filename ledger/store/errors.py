"""What a store cannot do, grouped by what the caller can do about it.

StoreError
├── StoreUnavailable    try again: what was being written may or may not be there
├── StoreReplaced       open it again: it was emptied and begun anew since this one was opened
├── StoreMissing        there is no store at that place; a projector makes one
├── StoreUnfit          rebuild it from the log: `partita store rebuild`
│   ├── StoreVersion        its tables are of another version than this build's
│   ├── StoreDamaged        what it holds cannot be read, or lacks what it must have
│   └── StoreForeign        it was made from another log than this one
└── StoreBehind         it has not come as far as a query asked for in time
"""

from partita.schemas.errors import PartitaError

REBUILD = "`partita store rebuild` makes it anew from the log"


class StoreError(PartitaError):
    """A store cannot do what it was asked."""


class StoreUnavailable(StoreError):
    """It does not answer, or cannot write; what was being written may or may not be there."""


class StoreReplaced(StoreError):
    """It was emptied and begun anew since it was opened here."""


class StoreMissing(StoreError):
    """There is none at that place."""


class StoreUnfit(StoreError):
    """What it holds is of no use to this build or this log."""


class StoreVersion(StoreUnfit):
    """Its tables are of another version."""

    def __init__(self, place: str, found: object, wanted: int) -> None:
        super().__init__(
            f"{place}: its tables are of version {found}, and this build has {wanted}; {REBUILD},"
            " or use the build it was made with"
        )


class StoreDamaged(StoreUnfit):
    """What it holds cannot be read, or lacks what it must have."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"{place} is damaged: {why}; {REBUILD}")


class StoreForeign(StoreUnfit):
    """It was made from another log."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"{place} is not of this log: {why}; {REBUILD}")


class StoreBehind(StoreError):
    """It has not come as far as a query asked for in time."""
