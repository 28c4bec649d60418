"""What an exchange must not run on: each condition made for real on the embedded Kafka.

Nothing starts, nothing is changed, and the one line says what to do.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters.operator import Operator, eventually
from clusters.programs import ended, start_all, up_command

from partita.deploy.exchange import Exchange, Plan
from partita.deploy.instruments import DEFAULT_FILE, read_instruments
from partita.deploy.kafka import EmbeddedKafka
from partita.deploy.listing import list_instruments
from partita.deploy.workers import SupervisedWorker, worker_command
from partita.log.kafka.admin import Admin
from partita.log.service import WorkerExit
from partita.schemas.errors import LogError, TopicUnfit, WrongCleanup, WrongPartitions
from partita.schemas.topics import (
    ACCOUNT_COMMANDS,
    ACCOUNT_EVENTS,
    BOOK,
    INSTRUMENTS,
    ORDERS,
    TICKERS,
    TOPICS,
)

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]

UNFIT_COMMAND = 7  # of a command, where a worker ends with LOG_UNFIT


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker of this module's own, with an exchange of 1 shard and 1 partition listed on it."""
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka") / "data") as kafka:
        Admin(kafka.bootstrap).create_topics(1, 1)
        list_instruments(kafka.bootstrap, read_instruments(DEFAULT_FILE, 1, {})[:2])
        yield kafka.bootstrap


@pytest.fixture
def operator(bootstrap: str) -> Operator:
    """Somebody with Kafka's own tools."""
    return Operator(bootstrap)


def assert_all_refused(bootstrap: str, data: Path, codes: tuple[int, int], *texts: str) -> None:
    """Workers end with the first code and `up` with the second; nothing is changed anywhere."""
    before = Operator(bootstrap).look()
    found = start_all(bootstrap, data)

    assert {"ledger": codes[0], "matcher": codes[0], "up": codes[1]} == {
        name: program.code for name, program in found.items()
    }, found
    for program in found.values():
        for text in texts:
            assert text in program.said
        assert "Nothing was changed" in program.said
        assert "Traceback" not in program.said
    assert before == Operator(bootstrap).look()
    assert not data.exists()


@pytest.mark.parametrize(
    ("topic", "key", "value", "code", "command_code"),
    [
        (ORDERS, "cleanup.policy", "compact", WorkerExit.WRONG_CLEANUP, WorkerExit.WRONG_CLEANUP),
        (TICKERS, "cleanup.policy", "delete", WorkerExit.WRONG_CLEANUP, WorkerExit.WRONG_CLEANUP),
        (ACCOUNT_COMMANDS, "retention.ms", "3600000", WorkerExit.LOG_UNFIT, UNFIT_COMMAND),
    ],
)
def test_an_unfit_setting_stops_every_start(
    bootstrap: str,
    operator: Operator,
    tmp_path: Path,
    topic: str,
    key: str,
    value: str,
    code: WorkerExit,
    command_code: int,
) -> None:
    """A compacted event log, a compacted topic that is not, an input that time removes."""
    with operator.setting(topic, key, value):
        say = (f"{topic}: {key}={value}, and must be ", "kafka-configs.sh --alter")
        assert_all_refused(bootstrap, tmp_path / "data", (code, command_code), *say)

    assert (1, 1) == Admin(bootstrap).check_fitness()


UNFIT = [
    *[(rule.name, "cleanup.policy", "compact,delete", WrongCleanup) for rule in TOPICS],
    *[
        (rule.name, "cleanup.policy", other, WrongCleanup)
        for rule in TOPICS
        for other in ("compact", "delete")
        if other != rule.cleanup
    ],
    *[(name, "retention.ms", "3600000", TopicUnfit) for name in (ACCOUNT_COMMANDS, ORDERS)],
    *[(name, "retention.bytes", str(1 << 40), TopicUnfit) for name in (ACCOUNT_COMMANDS, ORDERS)],
    *[(rule.name, "message.timestamp.type", "CreateTime", TopicUnfit) for rule in TOPICS],
    *[(rule.name, "max.message.bytes", str(1 << 20), TopicUnfit) for rule in TOPICS],
]


@pytest.mark.parametrize(("topic", "key", "value", "error"), UNFIT)
def test_every_topic_is_checked(
    bootstrap: str, operator: Operator, topic: str, key: str, value: str, error: type[LogError]
) -> None:
    """By workers and by `partita up`, for each setting that would lose, reorder or refuse."""
    admin = Admin(bootstrap)
    with operator.setting(topic, key, value):
        for check in (admin.check_fitness, lambda: admin.create_topics(1, 1)):
            with pytest.raises(error, match=f"{topic}: {key}={value}, and must be ") as refused:
                check()
            assert error is type(refused.value)


def test_all_that_is_wrong_is_said_at_once(bootstrap: str, operator: Operator) -> None:
    """Topics with the same trouble share one line; another one stands beside it."""
    with (
        operator.setting(ORDERS, "cleanup.policy", "compact"),
        operator.setting(BOOK, "cleanup.policy", "compact"),
        operator.setting(TICKERS, "cleanup.policy", "delete"),
        pytest.raises(WrongCleanup) as refused,
    ):
        Admin(bootstrap).check_fitness()

    assert str(refused.value).startswith(
        "orders, book: cleanup.policy=compact, and must be delete;"
        " tickers: cleanup.policy=delete, and must be compact. "
    )


def test_a_refused_worker_is_not_started_again(
    bootstrap: str, operator: Operator, tmp_path: Path
) -> None:
    """`up` keeps watch, but another start would not help; it says what the worker said."""
    worker = SupervisedWorker("ledger-1", worker_command("ledger", bootstrap), tmp_path)
    reports = list[str]()

    def gave_up() -> bool:
        worker.look_after(reports.append)
        return worker.state().given_up

    with operator.setting(ACCOUNT_EVENTS, "cleanup.policy", "compact"):
        worker.start()
        try:
            eventually(gave_up)
        finally:
            worker.stop()
    state = worker.state()

    assert (None, 0, WrongCleanup) == (state.pid, state.restarts, type(state.refused))
    assert "account-events: cleanup.policy=compact, and must be delete" in str(state.refused)
    name = "code 15, wrong cleanup"
    assert [f"{state.refused}; ledger-1 is not started again ({name})"] == reports


def test_what_a_worker_is_refused_for_ends_up(
    bootstrap: str, operator: Operator, tmp_path: Path
) -> None:
    """Where only a worker finds it, `partita up` still ends with that error, at once."""

    def meddle(line: str) -> None:
        if line.startswith("listing"):  # the checks of `up` itself have passed
            operator.set(BOOK, "cleanup.policy", "compact")

    plan = Plan(tmp_path, DEFAULT_FILE, bootstrap=bootstrap, shards=1, partitions=1)
    try:
        with Exchange(plan) as exchange, pytest.raises(WrongCleanup, match="book: cleanup"):
            exchange.start(meddle)
    finally:
        operator.set(BOOK, "cleanup.policy", "delete")


def test_an_exchange_of_another_cut_is_left_as_it_is(
    bootstrap: str, operator: Operator, tmp_path: Path
) -> None:
    """`up` says with what the exchange was made."""
    before = operator.look()
    for option in ("--shards", "--partitions"):
        refused = ended(up_command(bootstrap, tmp_path / "data", option, "3"))

        assert WorkerExit.WRONG_PARTITIONS == refused.code
        assert f"was made with {option} 1" in refused.said
    assert before == operator.look()


def test_a_topic_by_account_with_another_number_of_partitions_stops_every_start(
    bootstrap: str, operator: Operator, tmp_path: Path
) -> None:
    """The number of shards is fixed: accounts would be looked for in the wrong one."""
    operator.add_partitions(ACCOUNT_EVENTS, 2)
    wrong = WorkerExit.WRONG_PARTITIONS
    say = "account-events: 2 partitions, and must be 1, as many as account-commands"
    try:
        assert_all_refused(bootstrap, tmp_path / "data", (wrong, wrong), say, "from a copy")
    finally:
        operator.make_again(ACCOUNT_EVENTS, 1)

    assert (1, 1) == Admin(bootstrap).check_fitness()


def test_a_single_partition_stays_single(bootstrap: str, operator: Operator) -> None:
    """Instruments stand in one order."""
    operator.add_partitions(INSTRUMENTS, 2)

    with pytest.raises(WrongPartitions, match="instruments: 2 partitions, and must be 1"):
        Admin(bootstrap).check_fitness()

    operator.make_again(INSTRUMENTS, 1)


def test_partitions_by_symbol_may_be_added_to_all_topics_alike(
    bootstrap: str, operator: Operator, tmp_path: Path
) -> None:
    """One alone is refused; what the message says to do puts it right."""
    operator.add_partitions(BOOK, 2)
    wrong = WorkerExit.WRONG_PARTITIONS
    say = "book: 2 partitions, and must be 1, as many as orders"
    assert_all_refused(bootstrap, tmp_path / "data", (wrong, wrong), say, "kafka-topics.sh --alter")

    for rule in TOPICS:
        if rule.partitioned_by == "symbol" and rule.name != BOOK:
            operator.add_partitions(rule.name, 2)

    assert (1, 2) == Admin(bootstrap).check_fitness()


def test_a_topic_that_is_gone_is_not_made_anew_under_an_exchange(
    bootstrap: str, operator: Operator, tmp_path: Path
) -> None:
    """An empty input would give every number again; must be the last test of this module."""
    # Other tests have made topics again: what must be missed has to stand somewhere.
    cut = Admin(bootstrap).shape().partitions
    list_instruments(bootstrap, read_instruments(DEFAULT_FILE, cut, {})[:2])
    operator.delete(ORDERS)
    before = operator.look()
    refused = ended(up_command(bootstrap, tmp_path / "data", "--partitions", str(cut)))

    assert WorkerExit.LOG_TRUNCATED == refused.code
    assert "orders: not there, while " in refused.said
    assert "Traceback" not in refused.said
    assert before == operator.look()
