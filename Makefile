# Two commands do everything: `make run` and `make test`. Each sets up what it needs first.
# Mirrors: PIP_INDEX_URL for Python packages, OPTIONSAI_MAVEN_MIRROR for jars.

PYTHON ?= $(shell for p in python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := .setup/ready
ONLY ?= all

.DEFAULT_GOAL := help
.PHONY: help setup run test unit check bench soak mutate lock clean

help: ## list these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: $(READY) ## install the locked packages and fetch the locked jars (the other commands do it by themselves)

$(READY): requirements.txt jars.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed: install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	$(BIN)/python -m runtime.embedded.jars
	@mkdir -p $(@D) && touch $@

run: $(READY) ## start the whole pipeline and print where to look (Ctrl-C stops it)
	@$(BIN)/optionsai up

test: $(READY) ## run the tests with coverage
	$(BIN)/python scripts/run_tests.py

unit: $(READY) ## run the unit tests only
	$(BIN)/python -m pytest -q -n auto --dist loadfile tests/unit

check: $(READY) ## import contracts, types, style, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy .
	$(BIN)/python scripts/generate_proto.py --check
	$(BIN)/python scripts/generate_config.py --check
	$(BIN)/python scripts/generate_features_docs.py --check

bench: $(READY) ## measure and print one JSON line a figure (ONLY=pipeline|streaming|…)
	@$(BIN)/python -m tests.performance --only $(ONLY)

soak: $(READY) ## the long drills: every part killed in turn, crashes and outages under load
	@$(BIN)/python -m pytest tests/soak -q -s

mutate: $(READY) ## change the pricing core a bit at a time and see whether the tests notice
	@$(BIN)/python scripts/mutate.py

lock: $(READY) ## resolve the Python packages anew into requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra dev pyproject.toml -o requirements.txt

clean: ## remove everything that was installed, fetched or written
	@test ! -x $(BIN)/optionsai || $(BIN)/optionsai down || true
	rm -rf $(VENV) .venv-* .setup .jars .state build *.egg-info .mypy_cache .ruff_cache .pytest_cache .coverage* .hypothesis
	find . -name "*.nb[ic]" -delete
