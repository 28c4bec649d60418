"""The native engine's own tests: format, clippy and cargo test; nothing where there is no cargo."""

import shutil
import subprocess
import sys
from pathlib import Path

NATIVE = Path(__file__).resolve().parents[2] / "native"
STEPS = (
    ("fmt", "--check"),
    ("clippy", "--quiet", "--all-targets", "--features", "python", "--", "--deny", "warnings"),
    ("test", "--quiet"),
)


def main() -> int:
    """Run the steps in order; stop at the first that fails; return its exit code."""
    if (cargo := shutil.which("cargo")) is None:
        print("the native engine is not tested: there is no cargo")
        return 0
    for step in STEPS:
        print("cargo", *step, flush=True)
        if code := subprocess.run([cargo, *step], cwd=NATIVE, check=False).returncode:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
