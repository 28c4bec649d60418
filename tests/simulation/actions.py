"""What happens of itself: whose turn it is, is drawn."""

from collections.abc import Callable

from simulation.market import INSTRUMENTS
from simulation.stations import Station, deliver
from simulation.venue import Venue

from partita.log.port import Outgoing
from partita.schemas.codec import encode
from partita.schemas.enums import InstrumentStatus
from partita.schemas.topics import ORDERS


class Actions:
    """The steps of an exchange in which nothing goes wrong."""

    def __init__(self, venue: Venue, let_step: Callable[[Station], int]) -> None:
        self._venue = venue
        self._rng = venue.rng
        self._let_step = let_step
        self._echo_rate = venue.rng.choice((0.0, 0.02, 0.1))

    def act(self) -> str:
        """Do one; return what it was, if there is anything to tell."""
        action = self._rng.choices(
            (self._say, self._work, self._deliver, self._pass_time, self._restart, self._rule),
            (14, 40, 40, 8, 4, self._venue.climate.rules),
        )[0]
        return action()

    def _say(self) -> str:
        return self._venue.clients.act()

    def _work(self) -> str:
        step = self._venue.step
        awake = [
            s for s in self._venue.stations if s.alive and not s.busy and s.stalled_until <= step
        ]
        if not awake:
            return ""
        station = self._rng.choice(awake)
        if station.zombie_until is not None and station.zombie_until <= step:
            return f"{station.name} dies; {self._venue.kill(station)}"
        station.connection.batch_max = self._rng.choice((1, 2, 5, 20, 1_000))
        taken = self._let_step(station)
        if taken <= 0:
            return ""
        return f"{station.name} takes {taken}, has {len(station.connection.under_way)} under way"

    def _deliver(self) -> str:
        busy = [queue for queue in self._venue.senders() if queue]
        if not busy:
            return ""
        count = deliver(self._rng.choice(busy), self._append, self._rng, 4)
        return f"{count} records arrive"

    def _append(self, outgoing: Outgoing) -> None:
        self._venue.log.append(outgoing)
        if self._rng.random() < self._echo_rate:
            self._venue.log.append(outgoing)

    def _pass_time(self) -> str:
        ms = self._rng.choice((1, 20, 200, 1_500))
        self._venue.log.time_ms += ms
        return f"{ms} ms pass"

    def _restart(self) -> str:
        dead = [s for s in self._venue.stations if not s.alive]
        if not dead:
            return ""
        station = self._rng.choice(dead)
        station.start()
        return f"{station.name} starts again"

    def _rule(self) -> str:
        """List the last symbol, or change the rules of one, or say old ones again."""
        venue, rng = self._venue, self._rng
        latest = INSTRUMENTS[3]
        if latest.instrument_id not in venue.rules:
            if venue.step < venue.climate.listed_at:
                return ""
            venue.give_rules(latest)
            return f"{latest.symbol} is listed"
        old = venue.rules[rng.randint(1, 4)]
        if rng.random() < 0.2:
            # Of this version or of an older one, whatever else it says: nobody takes it.
            version = rng.randint(1, old.version)
            stale = old._replace(version=version, maker_fee_ppm=rng.randint(0, 4_000))
            venue.log.append(Outgoing(ORDERS, old.partition, None, encode(stale)))
            return f"{old.symbol}: version {version} again"
        halted = old.status is InstrumentStatus.TRADING and rng.random() < venue.climate.halts
        new = old._replace(
            version=old.version + 1,
            status=InstrumentStatus.HALTED if halted else InstrumentStatus.TRADING,
            taker_fee_ppm=rng.randint(0, 4_000),
            maker_fee_ppm=rng.choice((old.maker_fee_ppm, rng.randint(0, 4_000))),
            min_size=rng.choice((1, 1, 2)),
            max_size=rng.choice((1_000, 1_000, 15)),
            max_price=rng.choice((10_000, 10_000, 103)),
        )
        venue.give_rules(new)
        return f"{new.symbol}: {new.status}, {new.taker_fee_ppm} ppm"
