"""Values that the ledger's tests share: instruments, commands with defaults, a shard in use."""

from engines.under_test import new_shard

from partita.ledger.abc import ShardOutput
from partita.schemas.accounts import AccountEvent, Balance, Received
from partita.schemas.commands import Amend, Cancel, CancelAll, Command, Inquire, Place, Transfer
from partita.schemas.enums import (
    InstrumentStatus,
    Liquidity,
    OrderType,
    Outcome,
    Question,
    SelfTrade,
    Side,
    TimeInForce,
)
from partita.schemas.instrument import Instrument
from partita.schemas.orders import OrderEvent
from partita.schemas.reasons import Reason
from partita.schemas.reports import Done, Filled, Opened, Report

NOW = 1_700_000_000_000
BTC, USD, ETH = 1, 2, 3

# A lot is 10 units of BTC; a lot at a tick costs 3 units of USD. Fees: 0.1 % and 0.2 %.
BTC_USD = Instrument(
    instrument_id=1,
    version=1,
    symbol="BTC-USD",
    partition=0,
    status=InstrumentStatus.TRADING,
    base_asset_id=BTC,
    base_asset="BTC",
    base_decimals=1,
    quote_asset_id=USD,
    quote_asset="USD",
    quote_decimals=2,
    tick=3,
    lot=10,
    notional_unit=3,
    min_size=2,
    max_size=1 << 62,
    max_price=1 << 40,
    maker_fee_ppm=1_000,
    taker_fee_ppm=2_000,
)
ETH_USD = BTC_USD._replace(
    instrument_id=2, symbol="ETH-USD", base_asset_id=ETH, base_asset="ETH", maker_fee_ppm=3_000
)
HALTED = ETH_USD._replace(instrument_id=3, symbol="ETH-HUSD", status=InstrumentStatus.HALTED)

PLACE = Place(
    account=2,
    command_id="p1",
    valid_until_ms=NOW + 30_000,
    instrument_id=1,
    side=Side.BUY,
    type=OrderType.LIMIT,
    time_in_force=TimeInForce.GTC,
    price=1_000,
    size=10,
    funds=0,
    post_only=False,
    self_trade=SelfTrade.DC,
    expire_ms=0,
)
SELL = PLACE._replace(side=Side.SELL)
MARKET_BUY = PLACE._replace(
    type=OrderType.MARKET, time_in_force=TimeInForce.IOC, price=0, size=0, funds=50_000
)
MARKET_SELL = SELL._replace(type=OrderType.MARKET, time_in_force=TimeInForce.IOC, price=0)
CANCEL = Cancel(2, "c1", NOW + 30_000, order_id=0, client_order_id="")
AMEND = Amend(2, "a1", NOW + 30_000, order_id=0, client_order_id="", price=1_000, size=10)
CANCEL_ALL = CancelAll(2, "ca1", NOW + 30_000, instrument_id=1)
TRANSFER = Transfer(2, "t1", NOW + 30_000, asset_id=USD, amount=1_000_000)
INQUIRE = Inquire(2, "i1", NOW + 30_000, Question.ORDER, order_id=0, client_order_id="")


class Desk:
    """A shard whose invariants are checked after every step."""

    def __init__(self, shard: int = 0, shards: int = 2) -> None:
        """Make a shard that has heard of the instruments."""
        self.shard = new_shard(shard, shards)
        self.time_ms = NOW
        for rules in (BTC_USD, ETH_USD, HALTED):
            assert self.report(rules, rules.instrument_id) == ()

    def run(self, command: Command) -> ShardOutput:
        """Apply a command; return all that comes of it."""
        output = self.shard.command(command, self.time_ms)
        self.shard.check()
        return output

    def events(self, command: Command) -> tuple[AccountEvent, ...]:
        """Apply a command of which the book hears nothing; return what the account hears."""
        output = self.run(command)
        assert output.orders == ()
        return tuple(output.events)

    def asks(self, command: Command) -> OrderEvent:
        """Apply a command that is passed to a book; return what the book hears."""
        ((_, event),) = self.run(command).orders
        return event

    def report(self, report: Report, instrument_id: int = 1) -> tuple[AccountEvent, ...]:
        """Apply a report; return what the account hears."""
        output = self.shard.report(instrument_id, report, self.time_ms)
        self.shard.check()
        assert output.orders == ()
        return tuple(output.events)

    def fund(self, account: int = 2, asset_id: int = USD, amount: int = 1_000_000) -> None:
        """Transfer in."""
        command_id = f"fund-{account}-{asset_id}-{self.time_ms}"
        command = Transfer(account, command_id, self.time_ms + 1_000, asset_id, amount)
        assert self.run(command).events[-1] == Balance(
            account, asset_id, *self.balance(account, asset_id)
        )

    def placed(self, command: Place) -> int:
        """Place an order that is accepted; return its id."""
        received = self.run(command).events[0]
        assert isinstance(received, Received), received
        return received.order_id

    def opened(self, command: Place) -> int:
        """Place an order that then rests; return its id."""
        order_id = self.placed(command)
        self.report(Opened(order_id, command.size), command.instrument_id)
        return order_id

    def fill(self, order_id: int, price: int, size: int, fee: int) -> tuple[AccountEvent, ...]:
        """Report a fill as maker."""
        return self.report(Filled(order_id, 7, price, size, fee, Liquidity.MAKER))

    def cancelled(
        self, order_id: int, remaining: int, request: int = 0
    ) -> tuple[AccountEvent, ...]:
        """Report that an order was cancelled."""
        return self.report(Done(order_id, Outcome.CANCELLED, Reason.REQUESTED, remaining, request))

    def balance(self, account: int, asset_id: int) -> tuple[int, int]:
        """Return available and held."""
        for row in self.shard.snapshot().accounts:
            if (row.account, row.asset_id) == (account, asset_id):
                return row.available, row.held
        return 0, 0


def typed(events: tuple[AccountEvent, ...]) -> list[tuple[type, AccountEvent]]:
    """Return events beside their types: named tuples of different types can be equal."""
    return [(type(event), event) for event in events]
