"""What is found of an exchange at rest: by programs of their own, and by the history's checker."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crashes.rest import complaints
from histories.check import check_history
from histories.complete import completed
from histories.history import kept
from histories.log_stream import shard_stream
from histories.violation import Violation

REBUILD = Path(__file__).with_name("rebuild.py")
_PATIENCE_S = 3_600.0


@dataclass
class Verdict:
    """What was found; nothing is wrong when there are no violations."""

    violations: list[str] = field(default_factory=list)
    history: dict[str, int] = field(default_factory=dict)
    rebuilt: dict[str, Any] = field(default_factory=dict)
    audit: dict[str, Any] = field(default_factory=dict)


def judge(bootstrap: str, shards: int, lines: int, history: Path, seed: int) -> Verdict:
    """Rebuild, audit and check the history at the same time, and hear what the workers say."""
    verdict = Verdict()
    # Nothing may hang on the order of a set.
    env = {**os.environ, "PYTHONHASHSEED": str(1 + seed % 1_000)}
    audit = [sys.executable, "-m", "partita.deploy", "audit", "--bootstrap", bootstrap, "--json"]
    rebuild = [sys.executable, str(REBUILD), bootstrap]
    with (
        subprocess.Popen(rebuild, stdout=subprocess.PIPE, text=True, env=env) as rebuilding,
        subprocess.Popen(audit, stdout=subprocess.PIPE, text=True, env=env) as auditing,
    ):
        try:
            streams = {shard: shard_stream(bootstrap, shard) for shard in range(shards)}
            verdict.history = check_history(completed(kept(history), streams))._asdict()
        except Violation as violation:
            verdict.violations.append(f"history: {violation}")
        said, _ = rebuilding.communicate(timeout=_PATIENCE_S)
        audited, _ = auditing.communicate(timeout=_PATIENCE_S)
    _take_rebuilt(verdict, said, lines)
    _take_audit(verdict, audited, auditing.returncode)
    verdict.violations += complaints(bootstrap)
    return verdict


def _take_rebuilt(verdict: Verdict, said: str, lines: int) -> None:
    if not said:
        verdict.violations.append("the rebuild failed: see above")
        return
    verdict.rebuilt = json.loads(said)
    verdict.violations += verdict.rebuilt.pop("violations")
    behind = set(verdict.rebuilt.pop("compared"))
    wanted = verdict.rebuilt["machines"] * lines
    if len(behind) != wanted:
        verdict.violations.append(f"of {wanted} machines, snapshots of {len(behind)} only")


def _take_audit(verdict: Verdict, said: str, code: int) -> None:
    if not said:
        verdict.violations.append(f"the audit ended with {code}, and found nothing: see above")
        return
    found = json.loads(said)
    verdict.audit = {name: found[name] for name in ("verdict", "records", "events", "notes")}
    verdict.violations += [f"audit: {one['kind']}: {one['text']}" for one in found["differences"]]
    if code or found["difference_count"] or found["unsent"]:
        verdict.violations.append(
            f"the audit ended with {code}: {found['verdict']}, {found['difference_count']}"
            f" differences, {found['unsent']} events unsent"
        )
