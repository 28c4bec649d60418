"""Public views, all derived from the order-by-order feed."""
