"""How much a client has under way, and how long it waits."""

from dataclasses import dataclass

from partita.schemas.errors import InvalidValue
from partita.schemas.limits import VALID_UNTIL_AHEAD_MS_MAX


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientLimits:
    """The limits of one client. Raises InvalidValue for one out of bounds."""

    window: int = 20_000  # unanswered commands beyond which a client answers Overloaded
    cancels_extra: int = 5_000  # room beyond the window for cancels and inquiries alone
    oldest_ms: int = 5_000  # age of the oldest unanswered command, beyond which likewise
    answer_timeout_ms: int = 10_000  # when an unanswered command becomes OutcomeUnknown
    retries: int = 2  # how often it is sent again until then, under its id
    valid_for_ms: int = 10_000  # how long after the submit the exchange may take it
    events_buffer: int = 100_000  # events that an iterator may be behind before it fails

    def __post_init__(self) -> None:
        for name in ("window", "oldest_ms", "answer_timeout_ms", "valid_for_ms", "events_buffer"):
            if getattr(self, name) < 1:
                raise InvalidValue(name, getattr(self, name), "must be 1 or more")
        for name in ("cancels_extra", "retries"):
            if getattr(self, name) < 0:
                raise InvalidValue(name, getattr(self, name), "must be 0 or more")
        if self.valid_for_ms > VALID_UNTIL_AHEAD_MS_MAX:
            rule = f"must be at most {VALID_UNTIL_AHEAD_MS_MAX}"
            raise InvalidValue("valid_for_ms", self.valid_for_ms, rule)
