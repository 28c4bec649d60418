"""The reference shard: time, the memory of ids, and who does what with a command or report."""

from partita.ledger.abc import ShardOutput
from partita.ledger.reference import hear, settle, validate
from partita.ledger.reference.change import amend, cancel, cancel_all
from partita.ledger.reference.check import check
from partita.ledger.reference.inquire import inquire
from partita.ledger.reference.ledger import Ledger, refused
from partita.ledger.reference.memory import Known
from partita.ledger.reference.place import place
from partita.ledger.reference.state import restored, snapshot
from partita.ledger.reference.transfer import transfer
from partita.ledger.state import ShardState
from partita.schemas import reports
from partita.schemas.accounts import AccountEvent, Rejected
from partita.schemas.commands import Amend, Cancel, CancelAll, Command, Inquire, Place, Transfer
from partita.schemas.digest import digest
from partita.schemas.instrument import Instrument
from partita.schemas.limits import ID_CHARACTERS_MAX, ID_MARGIN_MS, LIFE_REMEMBERED_MS_MAX
from partita.schemas.reasons import Reason

_NONE = Reason.NONE  # bound once: an attribute of an Enum class is a slow look-up on Python 3.11


class ReferenceShard:
    """A ledger shard, see partita.ledger.abc.Shard."""

    __slots__ = ("_ledger",)

    def __init__(self, shard: int, shards: int) -> None:
        self._ledger = Ledger(shard, shards)

    @property
    def shard(self) -> int:
        """Its number, from 0."""
        return self._ledger.shard

    @property
    def shards(self) -> int:
        """How many there are, fixed when the cluster is made."""
        return self._ledger.shards

    @property
    def time_ms(self) -> int:
        """The largest log time of what was applied, milliseconds since 1970."""
        return self._ledger.time_ms

    @property
    def rows(self) -> int:
        """How many rows its state has, about: how long writing it down takes."""
        ledger = self._ledger
        return len(ledger.memory) + len(ledger.orders) + len(ledger.journal)

    def command(self, command: Command, time_ms: int) -> ShardOutput:
        """Apply one command of a client, logged at time_ms."""
        ledger = self._ledger
        ledger.advance(time_ms)
        known = ledger.memory.find(command.account, command.command_id)
        if known is not None:
            return _repeat(ledger, known, command)
        reason = validate.admission(command, ledger.time_ms, ledger.shard, ledger.shards)
        if reason is Reason.VALID_UNTIL_TOO_FAR and not isinstance(command, Inquire):
            return _too_far(ledger, command)
        if reason is not _NONE:
            return refused(_unremembered(command, reason))
        match command:
            case Place():
                return place(ledger, command)
            case Cancel():
                return cancel(ledger, command)
            case Amend():
                return amend(ledger, command)
            case CancelAll():
                return cancel_all(ledger, command)
            case Transfer():
                return transfer(ledger, command)
            case Inquire():
                return inquire(ledger, command)

    def report(self, instrument_id: int, report: reports.Report, time_ms: int) -> ShardOutput:
        """Apply one report of a book, logged at time_ms."""
        self._ledger.advance(time_ms)
        return ShardOutput((), tuple(self._events(instrument_id, report)))

    def _events(self, instrument_id: int, report: reports.Report) -> list[AccountEvent]:
        ledger = self._ledger
        match report:
            case reports.Filled():
                return settle.filled(ledger, instrument_id, report)
            case reports.Opened():
                return settle.opened(ledger, instrument_id, report)
            case reports.Done():
                return settle.done(ledger, instrument_id, report)
            case reports.Changed():
                return settle.changed(ledger, instrument_id, report)
            case reports.Refused():
                return hear.refused(ledger, instrument_id, report)
            case reports.OrdersCancelled():
                return hear.orders_cancelled(ledger, instrument_id, report)
            case Instrument():
                return hear.instrument(ledger, instrument_id, report)

    def instrument(self, instrument_id: int) -> Instrument | None:
        """Return the rules as last heard; None before the first."""
        return self._ledger.instruments.get(instrument_id)

    def snapshot(self) -> ShardState:
        """Return the whole state as a value, canonical: equal states give equal values."""
        return snapshot(self._ledger)

    def restore(self, state: ShardState) -> None:
        """Take the state of a snapshot in place of the own one."""
        self._ledger = restored(state)

    def state_hash(self) -> bytes:
        """Return the digest of the snapshot (partita.schemas.digest)."""
        return digest(self.snapshot())

    def check(self) -> None:
        """Assert every invariant of the shard."""
        check(self._ledger)


def _unremembered(command: Command, reason: Reason) -> Rejected:
    # An id that is refused may have any length; what is said must fit a record.
    command_id = command.command_id[:ID_CHARACTERS_MAX]
    return Rejected(command.account, command_id, reason, order_id=0, repeated=False)


def _too_far(ledger: Ledger, command: Command) -> ShardOutput:
    """Refuse what is valid for too long, and remember it: time must not make it acceptable."""
    answer = _unremembered(command, Reason.VALID_UNTIL_TOO_FAR)
    if validate.identity(command, ledger.shard, ledger.shards) is _NONE:
        keep_until_ms = _keep_until_ms(command, ledger.time_ms)
        ledger.memory.remember(command, keep_until_ms, answer, pinned=False)
    return refused(answer)


def _keep_until_ms(command: Command, time_ms: int) -> int:
    """Return how long an id is remembered: its life, but for absurd ones, and a margin."""
    return min(command.valid_until_ms, time_ms + LIFE_REMEMBERED_MS_MAX) + ID_MARGIN_MS


def _repeat(ledger: Ledger, known: Known, command: Command) -> ShardOutput:
    """Answer a command whose id is known."""
    if not known.is_of(command):
        return refused(_unremembered(command, Reason.DUPLICATE_ID))
    keep_until_ms = _keep_until_ms(command, ledger.time_ms)
    ledger.memory.extend(command.account, command.command_id, keep_until_ms)
    if known.answer is None:
        return ShardOutput((), ())  # the book's answer will serve both
    return ShardOutput((), (known.answer._replace(repeated=True),))
