"""Ways to break lines, silence and passes on purpose; the simulation must find each."""

from typing import Any

import pytest

from partita.log.neighbours import Neighbours
from partita.log.port import Record
from partita.log.silence import Silence
from partita.log.worker import Worker
from partita.schemas.enums import Line

# ruff: noqa: SLF001 - breaking the inside is the point

Patch = pytest.MonkeyPatch


def silence_skipped(patch: Patch) -> None:
    """A line of another build speaks at once."""
    real = Worker._open

    def open_(self: Worker, partition: int) -> None:
        self._role = self._role._replace(agree_over=0)
        real(self, partition)

    patch.setattr(Worker, "_open", open_)


def silence_not_compared(patch: Patch) -> None:
    """A line of another build is silent for a while, and compares nothing."""
    real = Silence._compare
    patch.setattr(Silence, "_compare", lambda self, found, _edges: real(self, found, found.edges))


def silent_lines_wait_for_each_other(patch: Patch) -> None:
    """A silent line waits for another one, whether that speaks or not."""
    patch.setattr(Neighbours, "is_alone", lambda self, at, _now_ms: not self._log.elsewhere(at))


def pass_by_one_line_only(patch: Patch) -> None:
    """Line B hears of no passes."""
    real = Neighbours._take_pass

    def take(self: Neighbours, record: Record) -> None:
        if self._role.line is not Line.B:
            real(self, record)

    patch.setattr(Neighbours, "_take_pass", take)


def wrong_pass_accepted(patch: Patch) -> None:
    """A pass that names another record is as good as a right one."""
    real = Worker._pass
    patch.setattr(Worker, "_pass", lambda self, record, _right: real(self, record, True))


def behind_a_wrong_pass(patch: Patch) -> None:
    """What comes behind a wrong pass in the same poll is applied, with the record left out."""
    real = Worker._apply_some

    def apply_some(self: Worker, records: Any) -> None:
        parked, self._parked = self._parked, {}
        try:
            real(self, records)
        finally:
            self._parked = parked | self._parked

    patch.setattr(Worker, "_apply_some", apply_some)


def heard_passes_forgotten(patch: Patch) -> None:
    """With each partition that is opened, the passes just heard of are forgotten."""
    real = Neighbours.open

    def open_(self: Neighbours, partition: int) -> None:
        real(self, partition)
        self.heard.clear()

    patch.setattr(Neighbours, "open", open_)


def passes_not_read_at_start(patch: Patch) -> None:
    """A worker knows no passes but those that come after it has started."""
    real = Neighbours.open

    def open_(self: Neighbours, partition: int) -> None:
        real(self, partition)
        self.passes.clear()

    patch.setattr(Neighbours, "open", open_)


BROKEN_LINES = (
    silence_skipped,
    silence_not_compared,
    silent_lines_wait_for_each_other,
    pass_by_one_line_only,
    wrong_pass_accepted,
    behind_a_wrong_pass,
    heard_passes_forgotten,
    passes_not_read_at_start,
)
