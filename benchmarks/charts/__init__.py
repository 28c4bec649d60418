"""The results as charts: `python -m benchmarks.charts` makes CHARTS.md from results.jsonl."""
