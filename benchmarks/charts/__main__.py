"""The results as charts: makes CHARTS.md from the newest lines of results.jsonl.

Every benchmark adds a line a workload to that file when it records. Run this after.

    python -m benchmarks.charts [--check]
"""

import click

from benchmarks.charts.page import page
from benchmarks.charts.rows import read_rows
from benchmarks.results import CHARTS


@click.command(help=__doc__)
@click.option("--check", is_flag=True, help="Write nothing; fail if it would be another page.")
def main(check: bool) -> None:
    """Make the page."""
    made = page(read_rows())
    if not check:
        CHARTS.write_text(made, encoding="utf-8")
    elif not CHARTS.exists() or CHARTS.read_text(encoding="utf-8") != made:
        raise click.ClickException(f"{CHARTS.name} is not what results.jsonl makes: run it anew")


if __name__ == "__main__":
    main()
