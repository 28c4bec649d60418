"""The metrics: their values, their names, and that they are written down."""

from pathlib import Path

from operators.metrics import Sample, samples
from operators.views import ANOTHER, overview, parked_status, status, view

from partita.deploy.operate.exposition import BUILD, RECORDS, STATE, UP, meanings, text
from partita.schemas.enums import Line

README = Path(__file__).parents[2] / "deploy" / "README.md"
A, B = (
    {"service": "matchers", "line": "A", "partition": "0"},
    {
        "service": "matchers",
        "line": "B",
        "partition": "0",
    },
)


def of(found: list[Sample], **labels: str) -> dict[str, float]:
    """Return the values of the samples with exactly these labels."""
    return {sample.name: sample.value for sample in found if sample.labels == labels}


def test_each_line_of_a_partition_has_its_values() -> None:
    """Counters as its worker counted, times in seconds, sizes in bytes."""
    found = samples(text(overview(view(status()), view(status(line=Line.B, dead_letters=0)))))

    assert {
        "partita_records_total": 10,
        "partita_groups_taken_total": 9,
        "partita_duplicates_dropped_total": 8,
        "partita_gaps_waited_total": 7,
        "partita_lines_refused_total": 6,
        "partita_dead_letters_total": 5,
        "partita_worker_present": 1,
        "partita_parked": 0,
        "partita_position": 50,
        "partita_log_end_offset": 60,
        "partita_lag_records": 10,
        "partita_edges_waiting": 4,
        "partita_machines": 3,
        "partita_snapshot_position": 40,
        "partita_snapshot_age_seconds": 3.5,
        "partita_snapshot_bytes": 2_048,
        "partita_recovery_seconds": 1.5,
        "partita_status_timestamp_seconds": 1_000,
    } == of(found, **A)
    assert 0 == of(found, **B)["partita_dead_letters_total"]
    assert {"running": 1, "silent": 0, "replaying": 0, "parked": 0} == {
        sample.labels["state"]: sample.value
        for sample in found
        if sample.name == STATE and sample.labels["line"] == "A"
    }
    assert {BUILD: 1} == of(found, **A, build="0+abc/reference", owner="host pid 1")
    assert {RECORDS: 60} == of(found, topic="orders")
    assert {UP: 1} == of(found)


def test_what_a_worker_that_is_gone_has_counted_is_not_told() -> None:
    """But that it was parked is, and that nobody is there."""
    expected = {
        "partita_worker_present": 0,
        "partita_parked": 1,
        "partita_position": 50,
        "partita_log_end_offset": 60,
        "partita_lag_records": 10,
    }

    assert expected == of(samples(text(overview(view(parked_status(50), None)))), **A)
    started = of(samples(text(overview(view(parked_status(50), ANOTHER)))), **A)
    assert expected | {"partita_worker_present": 1} == started


def test_what_is_not_there_yet_has_no_value() -> None:
    """No snapshot and no end of the recovery: -1 would be taken for a number."""
    fresh = status(snapshot_position=-1, snapshot_time_ms=0, snapshot_bytes=0, recovery_ms=-1)

    names = of(samples(text(overview(view(fresh)))), **A)

    assert not [name for name in names if "snapshot" in name or "recovery" in name]


def test_every_metric_is_written_down() -> None:
    """With its meaning, on the operator's page."""
    page = " ".join(README.read_text().split())

    for name, meaning in meanings().items():
        assert f"| `{name}` | {meaning} |" in page, name
    for name in (UP, STATE, BUILD, RECORDS):
        assert f"| `{name}` |" in page, name
