"""Accounts: the reference shard, its contract, and the ledger worker."""
