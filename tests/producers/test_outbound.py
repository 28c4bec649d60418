"""Commands become batches."""

from producers_support.make import PLACE

from partita.log.port import Outgoing
from partita.producers.outbound import Outbound
from partita.schemas.codec import decode, encode
from partita.schemas.commands import Amend, CommandBatch
from partita.schemas.limits import (
    ACCOUNT_MAX,
    AMOUNT_MAX,
    BATCH_COMMANDS_MAX,
    ID_CHARACTERS_MAX,
    RECORD_BYTES_MAX,
)
from partita.schemas.topics import ACCOUNT_COMMANDS


def test_commands_of_one_turn_are_one_batch_for_each_shard() -> None:
    """In the order of their submits; the account says the partition."""
    outbound = Outbound(2)
    commands = [PLACE._replace(account=account, command_id=str(account)) for account in range(1, 6)]
    for command in commands:
        outbound.put(command)
    expected = [
        Outgoing(ACCOUNT_COMMANDS, 1, None, encode(CommandBatch(b"", tuple(commands[0::2])))),
        Outgoing(ACCOUNT_COMMANDS, 0, None, encode(CommandBatch(b"", tuple(commands[1::2])))),
    ]
    assert expected == outbound.take()
    assert outbound.take() == []


def test_a_batch_is_cut_at_its_limit() -> None:
    """One more than fits makes a second batch of one."""
    outbound = Outbound(1)
    for number in range(BATCH_COMMANDS_MAX + 1):
        outbound.put(PLACE._replace(command_id=str(number)))
    batches = [decode(outgoing.value) for outgoing in outbound.take()]
    assert [BATCH_COMMANDS_MAX, 1] == [len(batch.commands) for batch in batches]


def test_a_full_batch_of_the_largest_commands_is_a_legal_record() -> None:
    """So batches need not be cut by bytes."""
    name = "x" * ID_CHARACTERS_MAX
    largest = Amend(ACCOUNT_MAX, name, ACCOUNT_MAX, ACCOUNT_MAX, name, AMOUNT_MAX, AMOUNT_MAX)
    record = encode(CommandBatch(b"", (largest,) * BATCH_COMMANDS_MAX))
    assert len(record) <= RECORD_BYTES_MAX
