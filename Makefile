# make run, make test, make lint: each first makes .venv, once, from the pinned versions.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test lint install
.DEFAULT_GOAL := run

run: $(READY)
	@$(BIN)/footnote run

test: $(READY)
	@$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

install: $(READY)

# pip's own words go to standard error: what make run prints on standard output is the bot's alone.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Footnote needs Python 3.11 or newer, and '$(PYTHON)' is older or missing." >&2; \
		echo "Install it, or name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Setting up $(VENV) (once; a few minutes) ..." >&2
	@$(PYTHON) -m venv $(VENV) >&2
	@$(BIN)/python -m pip install --quiet --upgrade pip --constraint constraints.txt >&2
	@$(BIN)/python -m pip install --progress-bar on --quiet --editable '.[eval,multilingual,telemetry]' --group dev --constraint constraints.txt >&2
	@touch $@
