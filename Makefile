# Everything here works on a fresh machine: what is needed is set up first, in .venv.

PYTHON ?= python3
BIN := .venv/bin
# Written when the environment is complete for this pyproject.toml and these constraints.
READY := .venv/ready
# Written when the native engine is built from these sources, or when it is left out: each takes the
# place of the other, so that a choice, or a cargo, that is new counts at once.
# (Something for a shell to do: without, an older make looks for a program named `command`.)
CARGO := $(if $(filter no,$(WITH_NATIVE)),,$(shell command -v cargo 2>/dev/null))
NATIVE := .venv/$(if $(CARGO),native,no-native)
NATIVE_SOURCES := $(shell find native -not -path 'native/target/*' -not -path 'native/fuzz/*' -type f)
ALL := $(READY) $(NATIVE)
FUZZ_TOOLS := native/fuzz/target/tools

.DEFAULT_GOAL := help
.PHONY: help native rust fuzz run test lint types unit simulation kafka cassandra crashes conformance bench seeds clean

help: ## Show these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade --constraint constraints.txt pip
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable . --group dev
	@touch $@

.venv/native: $(READY) $(NATIVE_SOURCES)
	@echo "building the native engine (about a minute, once)"
	@PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --disable-pip-version-check --force-reinstall --no-deps ./native \
	|| { echo "the native engine could not be built; make WITH_NATIVE=no goes on without it" >&2; exit 1; }
	@rm -f .venv/no-native
	@touch $@

.venv/no-native: $(READY)
	@echo "the native engine is left out ($(if $(filter no,$(WITH_NATIVE)),WITH_NATIVE=no,no cargo)): everything runs on the reference engines"
	@$(BIN)/pip uninstall --quiet --yes partita-native 2>/dev/null || true
	@rm -f .venv/native
	@touch $@

native: $(ALL) ## Build the native engine where cargo is

rust: ## The native engine's own tests: format, clippy, cargo test
	@$(PYTHON) tests/native/rust.py

fuzz: ## Fuzz the native engine: make fuzz SECONDS=60 TARGET=decode (or apply_orders, apply_commands) FLAGS=
	@if ! command -v cargo >/dev/null; then \
	  echo "nothing is fuzzed: there is no cargo"; exit 0; \
	fi; \
	if ! test -x $(FUZZ_TOOLS)/bin/cargo-fuzz; then \
	  echo "installing cargo-fuzz into $(FUZZ_TOOLS) (some minutes, once)"; \
	  cargo install --quiet --locked --version 0.13.2 --root $(FUZZ_TOOLS) cargo-fuzz || exit 1; \
	fi; \
	echo "fuzzing $(or $(TARGET),decode) for $(or $(SECONDS),60) s; what it finds is in native/fuzz/artifacts"; \
	cd native && $(CURDIR)/$(FUZZ_TOOLS)/bin/cargo-fuzz run --sanitizer none \
	  $(or $(TARGET),decode) -- -max_total_time=$(or $(SECONDS),60) $(FLAGS)

run: $(ALL) ## Bring the exchange up, with a gentle simulated market; Ctrl-C stops it
	@$(BIN)/partita up --simulate 20

test: $(ALL) ## Everything that must pass, with the minutes of each stage
	@$(BIN)/python tests/stages.py

lint: $(READY) ## ruff and the dependency contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(ALL) ## mypy, strict
	$(BIN)/mypy
	$(BIN)/mypy tests benchmarks

unit: $(ALL) ## Tests that need no server
	$(BIN)/pytest -m "not kafka and not cassandra" --ignore tests/simulation --ignore tests/conformance

simulation: $(ALL) ## Seeds of the whole exchange in one process; each bug put in is found
	$(BIN)/pytest tests/simulation

conformance: $(ALL) ## Suites made elsewhere
	$(BIN)/pytest tests/conformance

kafka: $(ALL) ## Tests on a real Kafka, started here
	$(BIN)/pytest -m "kafka and not cassandra"

cassandra: $(ALL) ## Tests on a real Cassandra, started here
	$(BIN)/pytest -m cassandra

seeds: $(ALL) ## 1,000 more seeds: make seeds START=1000
	$(BIN)/python tests/simulation/run.py --seeds 1000 --start $(or $(START),1000)

crashes: $(ALL) ## 200 kills of a running exchange: make crashes KILLS=200 LINES=1 SEED=1
	$(BIN)/python tests/crashes/run.py --kills $(or $(KILLS),200) --lines $(or $(LINES),1) --seed $(or $(SEED),1)

bench: $(ALL) ## Every benchmark, results into benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks.engine
	$(BIN)/python -m benchmarks.codec
	$(BIN)/python -m benchmarks.bytes_per_event
	$(BIN)/python -m benchmarks.whole_path
	$(BIN)/python -m benchmarks.latency
	$(BIN)/python -m benchmarks.market_data
	$(BIN)/python -m benchmarks.charts

clean: ## Remove what was set up here (data/ stays)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
