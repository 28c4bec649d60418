"""Which records of the clients' topic count."""

from producers_support.make import BTC_USD, ETH_USD

from partita.schemas.instrument import Instrument
from partita.schemas.listing import VOID_VERSION, Listing

SOL_USD = BTC_USD._replace(instrument_id=3, symbol="SOL-USD", base_asset_id=4, base_asset="SOL")


def listing(*records: Instrument) -> dict[str, Instrument]:
    """Return what counts of some records."""
    found = Listing()
    for record in records:
        found.take(record)
    return dict(found.instruments)


def test_of_a_symbol_the_newest_version_counts_wherever_it_stands() -> None:
    """A slow operator may write an older one behind it."""
    newer = BTC_USD._replace(version=2, taker_fee_ppm=1)
    assert {"BTC-USD": newer} == listing(BTC_USD, newer, BTC_USD)


def test_of_a_version_the_first_record_counts() -> None:
    """As the book takes it."""
    assert {"BTC-USD": BTC_USD} == listing(BTC_USD, BTC_USD._replace(taker_fee_ppm=1))


def test_a_number_belongs_to_the_first_symbol_that_has_it() -> None:
    """The other's orders would go to its book."""
    taken = SOL_USD._replace(instrument_id=1)
    assert {"BTC-USD": BTC_USD} == listing(BTC_USD, taken)
    assert {"BTC-USD": BTC_USD, "SOL-USD": SOL_USD} == listing(BTC_USD, taken, SOL_USD)


def test_a_symbol_keeps_its_number() -> None:
    """Whatever a newer version says."""
    assert {"BTC-USD": BTC_USD} == listing(BTC_USD, BTC_USD._replace(version=2, instrument_id=9))


def test_an_asset_has_one_number_one_name_and_one_scale() -> None:
    """Balances would be added up otherwise that are not of one kind."""
    for wrong in (
        SOL_USD._replace(base_asset_id=1),
        SOL_USD._replace(base_asset_id=4, base_asset="BTC"),
        SOL_USD._replace(base_asset="ETH", base_asset_id=3, base_decimals=9),
        SOL_USD._replace(quote_asset_id=5),
    ):
        assert {"BTC-USD": BTC_USD, "ETH-USD": ETH_USD} == listing(BTC_USD, ETH_USD, wrong)


def test_a_covered_record_never_counts() -> None:
    """It stands in the place of a void one, for compaction to keep."""
    assert {} == listing(SOL_USD._replace(version=VOID_VERSION))
