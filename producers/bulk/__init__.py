"""Many orders at once: tables in, outcomes out, with no step of Python for each under load."""

from partita.producers.bulk.bulk import Bulk
from partita.producers.bulk.outcomes import Outcomes, RowState
from partita.producers.bulk.table import OrderTable, OrderTerms

__all__ = ["Bulk", "OrderTable", "OrderTerms", "Outcomes", "RowState"]
