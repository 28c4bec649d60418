"""Metrics as Prometheus reads them."""

from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families


class Sample(NamedTuple):
    """One value with its labels."""

    name: str
    labels: dict[str, str]
    value: float


def samples(text: str) -> list[Sample]:
    """Return what a text in Prometheus' format holds, read by Prometheus' own client."""
    return [
        Sample(sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def value(text: str, name: str, **labels: str) -> float | None:
    """Return the value of a metric with these labels, None when there is none."""
    found = [s.value for s in samples(text) if (s.name, s.labels) == (name, labels)]
    return found[0] if found else None
