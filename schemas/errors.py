"""The tree of errors: what went wrong, grouped by what the caller can do about it.

PartitaError
├── InvalidValue            change the value: nothing was sent
├── Rejected                the exchange refused the command; it had no effect
├── OutcomeUnknown          ask: the command may or may not have taken effect
├── Overloaded              slow down: nothing was sent
├── NoAnswer                the exchange did not answer a first question: look whether it runs
├── Unreadable              a record that cannot be taken
│   ├── Undecodable         bytes that no schema could give: a dead letter
│   └── UnknownFingerprint  a newer schema: upgrade this reader
└── LogError                the log is not as it must be
    ├── DeliveryFailed      a record may or may not be on the log: restart and replay
    ├── LogUnavailable      no broker answers at the address
    ├── TopicMissing        the topics are not there: create them with `partita up`
    ├── TopicUnfit          a topic's settings would lose or reorder events
    │   ├── WrongPartitions     it has another number of partitions than the exchange
    │   ├── WrongCleanup        compaction on an event log, or none where it must be
    │   └── UnsafeReplication   acknowledged records could vanish
    ├── TopicRecreated      a topic of this name, but not the one that the state came from
    ├── LogTruncated        records that the state needs, or came from, are gone
    ├── SnapshotMissing     no snapshot that can be used, and the log does not start at 0
    └── Diverged            this line says something else than what stands on the log

A refusal inside the exchange is an event with a reason (partita.schemas.reasons), not an exception;
a broken invariant is an AssertionError. The operator's errors (partita.deploy.errors) are a branch
of their own below PartitaError.
"""

from partita.schemas.reasons import EXPLAINED, Reason


class PartitaError(Exception):
    """The root: catch this to catch all that this project raises on purpose."""


class InvalidValue(PartitaError, ValueError):
    """A value breaks a rule; names the field, the value and the rule."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        shown = repr(value)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        super().__init__(f"{field} {shown}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


class Rejected(PartitaError):
    """The exchange refused a command; it had no effect."""

    def __init__(self, command_id: str, reason: Reason, time_ms: int, detail: str = "") -> None:
        text = f"rejected, {reason}: {EXPLAINED[reason]}"
        super().__init__(f"{text} ({detail})" if detail else text)
        self.command_id = command_id
        self.reason = reason
        self.time_ms = time_ms  # the exchange's time at the answer, milliseconds since 1970
        self.detail = detail


class OutcomeUnknown(PartitaError):
    """No answer came in time: the command may or may not have taken effect."""

    def __init__(self, account: int, command_id: str, valid_until_ms: int) -> None:
        super().__init__(
            f"no answer to command {command_id} of account {account}: it may or may not have taken"
            " effect. Send the same command again with the same id, or ask with"
            f" order(account={account}, client_order_id={command_id!r}); when it has not been seen"
            f" after {valid_until_ms} (milliseconds since 1970), it never will be"
        )
        self.account = account
        self.command_id = command_id
        self.valid_until_ms = valid_until_ms


class Overloaded(PartitaError):
    """Too many commands are unanswered, or the oldest for too long; nothing was sent."""


class NoAnswer(PartitaError):
    """The exchange did not answer a first question."""


class Unreadable(PartitaError):
    """A record that cannot be taken."""


class Undecodable(Unreadable):
    """Bytes that no schema could give: the record goes to the dead letters."""


class UnknownFingerprint(Unreadable):
    """A schema that this build does not have: an older build has met newer data."""


class LogError(PartitaError):
    """The log is not as it must be."""


class DeliveryFailed(LogError):
    """A record may or may not be on the log; the worker exits and replays."""


class LogUnavailable(LogError):
    """No broker answers at the address."""


class TopicMissing(LogError):
    """A topic is not there."""


class TopicUnfit(LogError):
    """A topic's partitions or settings are not what the exchange needs."""


class WrongPartitions(TopicUnfit):
    """A topic has another number of partitions than the exchange."""


class WrongCleanup(TopicUnfit):
    """A topic is cleaned up in a way that would lose events, or never."""


class UnsafeReplication(TopicUnfit):
    """A cluster's settings let acknowledged records vanish."""


class TopicRecreated(LogError):
    """A topic has the name, but is not the one that the state came from."""


class LogTruncated(LogError):
    """Records that the state needs, or came from, are not on the log any more."""


class SnapshotMissing(LogError):
    """No snapshot can be used, and the log does not start at offset 0."""


class Diverged(LogError):
    """This line says something else than what stands on the log; it must not go on."""
