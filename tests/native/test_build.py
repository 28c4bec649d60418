"""The native engine is built for the records and limits of this build."""

import pytest

from partita.log import native
from partita.schemas import limits
from partita.schemas.codec import SCHEMAS

partita_native = pytest.importorskip("partita_native", reason="no native engine is installed")


def test_it_knows_every_record_by_its_fingerprint() -> None:
    """Name, marker and fingerprint; a worker refuses to start when they differ."""
    assert dict(partita_native.HEADS) == {name: schema.head for name, schema in SCHEMAS.items()}
    assert native.build() == partita_native.BUILD


def test_it_has_the_limits_of_this_build() -> None:
    """All that it has are ours, with our values."""
    assert len(partita_native.LIMITS) > 10
    for name, value in partita_native.LIMITS:
        assert getattr(limits, name) == value, name
