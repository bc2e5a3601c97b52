# Everything runs in .venv and writes to .run; no root, no containers, no other service.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

export AIRFLOW_PORT EMULATOR_PORT API_PORT KEEP

.PHONY: demo demo-phases demo-batch demo-aks test lint bench journeys up down clean golden rules lock

demo: $(INSTALLED)
	$(BIN)/python -m fleetwright_demo.demo

demo-phases: $(INSTALLED)
	$(BIN)/python -m fleetwright_demo.phases_demo

demo-batch: $(INSTALLED)
	$(BIN)/python -m fleetwright_demo.batch_demo

demo-aks: $(INSTALLED)
	$(BIN)/python -m fleetwright_demo.aks_demo

test: $(INSTALLED)
	$(BIN)/python -m pytest $(ARGS)

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(INSTALLED)
	$(BIN)/python -m fleetwright_demo.bench

# Random worlds in virtual time, each judged; ARGS="--seed 137" plays one again, aloud.
journeys: $(INSTALLED)
	$(BIN)/python -m fleetwright_demo.journeys $(ARGS)

up: $(INSTALLED)
	@$(BIN)/python -m fleetwright_demo.up up

down:
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m fleetwright_demo.up down; fi

golden: $(INSTALLED)
	WRITE_GOLDEN=1 FLEETWRIGHT_WRITE_DOCS=1 $(BIN)/python -m pytest tests/golden tests/node_images/test_golden_story.py tests/domain -q

# docs/rules.md, from what the tests say that they show; with RULE=R12 all tests of one rule on the screen.
rules: $(INSTALLED)
	@$(BIN)/python tests/rules/rules_table.py $(RULE)

clean: down
	rm -rf $(VENV) .run .pytest_cache .mypy_cache .ruff_cache .hypothesis include/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The lock files; needs uv on the path.
lock:
	uv pip compile --universal --python-version 3.11 --prerelease if-necessary-or-explicit requirements.in -o requirements.txt
	uv pip compile --universal --python-version 3.11 requirements-dev.in -o requirements-dev.txt

$(INSTALLED): requirements.txt requirements-dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"{sys.executable} is Python {v[0]}.{v[1]}; Fleetwright needs 3.11 to 3.13: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	@echo "installing the pinned packages into $(VENV): about a minute"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@
