"""Each engine's books against tracebook-conformance, an independent oracle of matching."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conformance.adapter import Adapter
from tracebook.conformance import copy_bundled_conformance_suite, run_conformance

from partita.log.engines import ENGINE_VARIABLE
from partita.matchers.engines import ENGINES

ADAPTER = Path(__file__).with_name("adapter.py")


@pytest.fixture(autouse=True, params=sorted(ENGINES, reverse=True))
def _engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapter asks for the engine that the environment names."""
    monkeypatch.setenv(ENGINE_VARIABLE, request.param)


def test_the_book_qualifies_for_the_full_fifo_profile(tmp_path: Path) -> None:
    """All fixed cases and 25 generated traces of 200 events agree, with every capability seen."""
    program = str(Path(sys.executable).with_name("tracebook-conformance"))
    options = "qualify --profile fifo-full-v1 --seed 42 --traces 25 --events-per-trace 200"
    candidate = f"{sys.executable} {ADAPTER}"
    done = subprocess.run(
        [program, *options.split(), "--candidate-cmd", candidate, "--output-dir", tmp_path / "out"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "out" / "qualification.json").read_text())
    assert report["qualified"]
    assert "Qualification: PASS" in done.stdout


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_every_fixed_case_agrees_where_matching_is_by_price_and_time(
    tmp_path: Path, version: str
) -> None:
    """Self-trade prevention among them; pro-rata is not offered."""
    suite = copy_bundled_conformance_suite(tmp_path / "suite", suite_version=version)
    ran = [case for case in suite.cases if case.config.matching_algorithm == "fifo"]
    assert len(suite.cases) - 1 == len(ran)
    for case in ran:
        report = run_conformance(case.load_events(), Adapter, case.config, case.name)
        assert report.conformant, f"{case.name}: {report.divergence}"


def test_pro_rata_matching_is_refused(tmp_path: Path) -> None:
    """An engine says what it does not do, rather than doing something else."""
    suite = copy_bundled_conformance_suite(tmp_path / "suite")
    (case,) = [case for case in suite.cases if case.config.matching_algorithm == "pro_rata"]
    with pytest.raises(ValueError, match="no pro_rata matching here"):
        run_conformance(case.load_events(), Adapter, case.config, case.name)
