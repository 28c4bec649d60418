"""A limit on everything, each with its reason, and their relations."""

# Records. Kafka carries megabytes, but a reader holds a record, its decoded events and its outputs
# at once, and a pause of the machine is as long as its largest record.
RECORD_BYTES_MAX = 1 << 20
# What a sender fills before it starts the next batch: room for the head, and for one event that
# expands into many (a sweep), below RECORD_BYTES_MAX at about 100 bytes an event.
BATCH_EVENTS_MAX = 8_000
# A client's batch: one place expands to some 3 account events and 1 order. More is a dead letter.
BATCH_COMMANDS_MAX = 2_000

# A snapshot: chunks of a record's size with room for their head, and a bound on the whole. Ten
# million open orders are about a gigabyte; a machine of that size should have been split.
CHUNK_BYTES_MAX = RECORD_BYTES_MAX - 1024
SNAPSHOT_BYTES_MAX = 2 << 30

# What a dead letter keeps of a record: a letter must always be a legal record itself.
DEAD_LETTER_BYTES_MAX = 64 << 10

# Identifiers. 36 characters take a UUID in its usual form.
ID_CHARACTERS_MAX = 36
ACCOUNT_MAX = (1 << 63) - 1
NAME_CHARACTERS_MAX = 24  # of assets; a symbol is two and a dash

# Amounts. What an order reserves, fee included, is a positive 64-bit integer with a bit to spare;
# only a product with a rate in millionths is wider on its way there (82 bits).
AMOUNT_MAX = 1 << 62
NOTIONAL_MAX = 1 << 62
# Balances are sums of amounts: 128 bits hold 2^64 transfers of the largest size.
BALANCE_MAX = (1 << 127) - 1
DECIMALS_MAX = 10  # of an asset: 2^62 units of 10^-10 are 461 million, a useful order in dollars
FEE_PPM_MAX = 1_000_000  # a fee may take all of the notional, never more: a seller's credit is >= 0

# Time. An unanswered command is either in the log within a minute or never.
VALID_UNTIL_AHEAD_MS_MAX = 60_000
# How far a client's clock may run ahead of the broker's before its commands are refused.
CLOCK_AHEAD_MS_MAX = 5_000
# How long beyond valid_until the ledger remembers an id: a repeat that was logged at the last
# moment, and an inquiry about it, still find it. No longer: all ids of a life and a margin are in
# a shard's memory, and in each of its snapshots.
ID_MARGIN_MS = 10_000

# Rejected for a life that ends too far ahead, an id is remembered, so that time does not make the
# same command acceptable; but no longer than this, or a broken clock would fill the memory.
LIFE_REMEMBERED_MS_MAX = 3_600_000

# Accounts. A market maker on 100 symbols with 25 orders a side; a shard's memory per account stays
# bounded at about 2 MB.
OPEN_ORDERS_MAX = 5_000
# An inquiry for open orders is answered by pages, so that none costs a shard more than a few
# milliseconds.
OPEN_ORDERS_PAGE = 100

SHARDS_MAX = 1_024
PARTITIONS_MAX = 1_024

assert NOTIONAL_MAX < 1 << 63, "a hold, fee included, fits 64 bits"
assert BATCH_EVENTS_MAX * 100 <= RECORD_BYTES_MAX, "a full batch is a legal record"
assert VALID_UNTIL_AHEAD_MS_MAX >= CLOCK_AHEAD_MS_MAX, "skew is within the life"
