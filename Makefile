# Every command of the project. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORPUS ?= ../shared
.DEFAULT_GOAL := help
.PHONY: help run test unit check setup bench chaos fuzz corpus lock assets

help: ## list these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(VENV)/complete: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; $$($(PYTHON) --version) is here. Set PYTHON=/path/to/python3.11"; exit 2; }
	@echo "  preparing the virtual environment (once; about a minute) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "python3's venv module is needed (on Debian: apt-get install python3-venv)"; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(VENV)/complete ## prepare only: virtual environment, dependencies, Kafka's jars
	@$(BIN)/python -m deploy.local.setup

run: $(VENV)/complete ## run everything on this machine, with invented families
	@exec $(BIN)/python -m deploy.local.run

test: unit ## all tests, on real Kafka, PostgreSQL and Chromium where they are
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/contracts tests/system tests/browser

unit: $(VENV)/complete ## the tests that need no service, on both cores
	@$(BIN)/python -m pytest -q -n 2 tests/unit tests/adapters tests/journeys tests/acceptance

check: $(VENV)/complete ## format, lint, types, imports, policies, in seconds
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/broker policy check > /dev/null

bench: $(VENV)/complete ## measure, and write var/bench/*.json
	@$(BIN)/python -m tests.bench.policies
	@$(BIN)/python -m tests.bench.replay
	@$(BIN)/python -m tests.bench.adapters
	@$(BIN)/python -m tests.bench.load
	@$(BIN)/python -m tests.bench.identity
	@$(BIN)/python -m tests.bench.identity --adversarial
	@$(BIN)/python -m tests.bench.identity --town
	@$(BIN)/python -m tests.bench.identity_store
	@$(BIN)/python -m tests.bench.unlink

chaos: $(VENV)/complete ## kill processes for longer, and race 10,000 withdrawals against the relay
	@CHAOS_ROUNDS=$${CHAOS_ROUNDS:-30} $(BIN)/python -m pytest -q tests/system/test_kill.py tests/system/test_withdrawal_races.py

fuzz: $(VENV)/complete ## property tests with many more examples
	@HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -q tests/unit tests/adapters tests/journeys

corpus: $(VENV)/complete ## messages and vectors that others made: make corpus CORPUS=../shared
	@$(BIN)/broker corpus $(CORPUS)
	@$(BIN)/python -m tests.corpus.vectors $(CORPUS)
	@$(BIN)/python -m tests.corpus.acceptance $(CORPUS)
	@$(BIN)/python -m tests.corpus.identity $(CORPUS)

lock: ## resolve requirements.lock again
	@$(BIN)/uv pip compile pyproject.toml --extra dev --extra build --generate-hashes --universal --python-version 3.11 --no-header --no-annotate --quiet -o requirements.lock

assets: ## compile the console's CSS again (needs npm)
	@broker/console/assets/build.sh
