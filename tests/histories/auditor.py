"""The auditor: computes what must be from requests and replies alone, after TigerBeetle's.

It is told of every command that is sent, of new rules, and of every event of every shard in the
order of its number, and raises a Violation at the first event that a right exchange would not have
said, naming the shard, the number and the rule. It never looks at the state of a machine, and
shares with the exchange no more than the words (messages, reasons, limits).

What it cannot know it allows: when a shard hears of new rules, in which order copies of commands
came to the log, and which of several alike amends was taken first.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from histories import answers, changes, lives, reads, refusals
from histories.asked import Memory
from histories.rules import Rules
from histories.scene import Scene, Told
from histories.trades import Trades
from histories.violation import Violation, violate
from histories.world import World

from partita.schemas import accounts
from partita.schemas.accounts import AccountEvent, Filled
from partita.schemas.commands import Command, Inquire
from partita.schemas.instrument import Instrument
from partita.schemas.topics import shard_of

# What one input makes a shard say are at most this many events beyond the first, where it is not
# known before how many: an event is judged when so many behind it have come.
_LOOK_AHEAD = 3
_PARTS = accounts.Balance | accounts.OrderStatus | accounts.Total | accounts.Answered
_JUDGES: dict[type, Callable[[Scene, Any], None]] = {
    accounts.Received: answers.received,
    accounts.Accepted: answers.accepted,
    accounts.Rejected: refusals.rejected,
    accounts.Opened: lives.opened,
    accounts.Filled: lives.filled,
    accounts.Changed: changes.changed,
    accounts.Done: lives.done,
    accounts.Balance: reads.balance,
    accounts.OrderStatus: reads.order_status,
    accounts.Total: reads.total,
    accounts.Answered: reads.answered,
}


class Auditor:
    """See the module. Numbers begin with 1, but where there are strangers, anywhere.

    strangers: accounts of which nothing is ever sent (but inquiries) belong to others, and are not
    judged. clock_back_ms: by how much the log's clock may go back, which an expiry may show.
    """

    def __init__(
        self,
        shards: int,
        instruments: Iterable[Instrument] = (),
        *,
        strangers: bool = False,
        clock_back_ms: int = 0,
    ) -> None:
        """Begin with the rules that every shard has heard of."""
        self.trades = Trades()
        self._shards = shards
        self._strangers = strangers
        self._rules = Rules(instruments)
        self._memory = Memory()
        self._scenes = [
            Scene(
                World(shard, shards, self._rules, self._memory),
                strangers=strangers,
                clock_back_ms=clock_back_ms,
            )
            for shard in range(shards)
        ]
        self._last = [Told(0, 0, accounts.Answered(0, "", 0)) for _ in range(shards)]
        self._judged: set[int] = set()  # accounts

    def ruled(self, instrument: Instrument) -> None:
        """Hear that the operator gives new rules; shards hear of them later."""
        self._rules.give(instrument)

    def clock_went_back(self, back_ms: int) -> None:
        """Hear that the log's clock went back by so much, beyond what it may."""
        for scene in self._scenes:
            scene.clock_back_ms += back_ms

    def sent(self, command: Command) -> None:
        """Hear that a command is about to be sent, or sent again, or stands on the log."""
        asks_only = isinstance(command, Inquire) and command.account not in self._judged
        if asks_only and self._strangers:
            return
        self._judged.add(command.account)
        self._memory.sent(command)

    def heard(self, shard: int, number: int, time_ms: int, event: AccountEvent) -> None:
        """Hear the next event of a shard.

        Raises:
            Violation: this event, or one of the few before it, is not as it must be.
        """
        scene, last = self._scenes[shard], self._last[shard]
        told = Told(number, time_ms, event)
        with self._naming(shard, told):
            if number != last.number + 1 and (last.number or not self._strangers):
                violate(f"it comes after number {last.number}")
            if time_ms < last.time_ms:
                violate(f"the shard's time was {last.time_ms}, and is {time_ms}")
            if isinstance(event, Filled):
                self.trades.fill(event)
        self._last[shard] = told
        if self._strangers and event.account not in self._judged:
            return
        scene.window.append(told)
        if len(scene.window) > _LOOK_AHEAD:
            self._judge(shard)

    @contextmanager
    def _naming(self, shard: int, told: Told) -> Iterator[None]:
        try:
            yield
        except Violation as violation:
            text = f"shard {shard}, number {told.number}, {told.event}: {violation}"
            raise Violation(text) from None

    def _judge(self, shard: int) -> None:
        """Judge the first event that waits, and those that belong to it."""
        scene = self._scenes[shard]
        told = scene.window.popleft()
        with self._naming(shard, told):
            scene.world.pass_time(told.time_ms)
            event = told.event
            if scene.parts and not isinstance(event, _PARTS):
                violate(f"nobody asked for what was told before it: {scene.parts}")
            away = shard_of(event.account, self._shards) != shard
            if away and not isinstance(event, accounts.Rejected):
                violate("the account belongs to another shard")
            _JUDGES[type(event)](scene, event)

    def catch_up(self) -> None:
        """Judge all that was heard; call it only where nothing is cut off in the middle."""
        for shard, scene in enumerate(self._scenes):
            while scene.window:
                self._judge(shard)

    def at_rest(self) -> None:
        """Check what must hold when nothing is under way any more.

        Raises:
            Violation: something was never told, or money is missing.
        """
        self.catch_up()
        self.trades.at_rest(from_the_first=not self._strangers)
        for shard, scene in enumerate(self._scenes):
            try:
                _require_rest(scene)
            except Violation as violation:
                raise Violation(f"shard {shard}, at rest: {violation}") from None
        if not self._strangers:
            self._require_conservation()

    def _require_conservation(self) -> None:
        for asset_id in sorted({a for scene in self._scenes for a in scene.world.funds.sums}):
            sums = [
                s.world.funds.sums[asset_id] for s in self._scenes if asset_id in s.world.funds.sums
            ]
            owned = sum(one.available + one.held for one in sums)
            fees = sum(one.fees for one in sums)
            given = -sum(one.external for one in sums)
            if owned + fees != given:
                violate(
                    f"asset {asset_id}: {given} units were transferred in, but accounts own {owned}"
                    f" and {fees} were paid in fees"
                )

    def balance(self, account: int, asset_id: int) -> accounts.Balance:
        """Return what an account must have by all that was judged so far."""
        scene = self._scenes[shard_of(account, self._shards)]
        return scene.world.funds.balance(account, asset_id)

    def fees(self, account: int, asset_id: int) -> int:
        """Return what an account has paid in fees, units."""
        scene = self._scenes[shard_of(account, self._shards)]
        return scene.world.funds.fees[account, asset_id]


def _require_rest(scene: Scene) -> None:
    world = scene.world
    if scene.parts:
        violate(f"nobody asked for what was told last: {scene.parts}")
    unexplained = {where: count for where, count in world.decreased.items() if count > 0}
    if unexplained:
        violate(f"decreased, though no self-trade was prevented: {unexplained}")
    for order in world.orders.values():
        if not order.is_done and not order.opened:
            violate(f"it was received, and neither rests nor is done: {order.received}")
    if any(world.top_ups.held().values()):
        violate(f"held for amends that nobody has answered: {world.top_ups.held()}")
    if any(world.swept.values()):
        violate(f"cancelled for a cancel-all that was never answered: {world.swept}")
    held = world.held()
    for balance in world.funds.all():
        if balance.held != held[balance.account, balance.asset_id]:
            violate(f"open orders hold {held[balance.account, balance.asset_id]}: {balance}")
