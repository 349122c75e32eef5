# Everything a person or a machine does here, one short line each. Python 3.11+, make and git are all it takes: the
# first target sets up what it needs in .venv, and sets up again when pyproject.toml changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Where CI runs no GPU, `make test TORCH_INDEX=https://download.pytorch.org/whl/cpu` fetches the smaller CPU build.
TORCH := torch==2.13.0
TORCH_INDEX ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
N_WORKERS ?= 2

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-slow lint format bench clean

help:  ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.core  ## Learn handwritten digits, then a table; the results lie in demo/
	$(BIN)/gansmith demo

test: $(VENV)/.dev  ## Run the tests (without those marked slow)
	$(BIN)/python -m pytest -q -n $(N_WORKERS) --dist worksteal

test-slow: $(VENV)/.dev  ## Run the tests marked slow
	$(BIN)/python -m pytest -q -n $(N_WORKERS) -m slow

lint: $(VENV)/.dev  ## Check style, types and who imports whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.dev  ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.core  ## Measure what the README promises
	$(BIN)/python -m bench

clean:  ## Remove everything that make has made
	rm -rf $(VENV) demo build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Set-up: one stamp per set of dependencies ------------------------------------------------------------------

# torch goes first and alone: pinned, so that numbers can be compared, and taken as the CPU build where the package
# index in use offers one. Any step that fails stops make, and the stamp is not written.
$(VENV)/.torch: Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Gansmith needs Python 3.11 or newer; \
	$(PYTHON) is {sys.version.split()[0]}. Try: make PYTHON=python3.12")'
	@echo 'Setting up $(VENV): $(TORCH) ...'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install '$(TORCH)' $(if $(TORCH_INDEX),--index-url '$(TORCH_INDEX)')
	@touch $@

$(VENV)/.core: $(VENV)/.torch pyproject.toml
	@echo 'Setting up $(VENV): gansmith ...'
	$(PIP) install '$(TORCH)' -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	@echo 'Setting up $(VENV): the tools of development ...'
	$(PIP) install '$(TORCH)' -e '.[dev]'
	@touch $@
