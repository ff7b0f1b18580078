# Every command of the project. `make help` lists them.
PYTHON ?= python3
PY := .venv/bin/python
PYTEST := $(PY) -m pytest --numprocesses 2 --dist worksteal
INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
.DEFAULT_GOAL := help
.PHONY: mutate help setup setup-dev run demo test test-install test-full check lint bench screens lock clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/runtime ## Make .venv with what running needs, pinned and hashed

setup-dev: .venv/development

run: setup ## Start the product here: tables, the plan, a demonstration county, the address
	@exec $(PY) -m surveyapp

demo: setup ## Write a demonstration dossier to build/ and print its verdict
	@mkdir -p build
	@$(PY) -m scoring demo build/demonstration
	@$(PY) -m scoring verdict build/demonstration/auditor.zip; case $$? in 0|10|11|12) ;; *) exit 1 ;; esac

test: setup-dev ## Run the tests, on SQLite, PostgreSQL and in Chromium (at most 20 minutes on 2 cores)
	@scripts/system-packages.sh
	$(PYTEST) -m "not slow and not network"

test-install: setup-dev ## Install and start from a fresh clone, as the README says
	$(PY) -m pytest -m network tests/journeys

test-full: setup-dev ## Run every test, the slow ones too
	@scripts/system-packages.sh
	$(PYTEST)

lint: setup-dev ## Check style
	$(PY) -m ruff check --quiet .

check: lint ## Check style, types and the direction of imports
	$(PY) -m mypy
	.venv/bin/lint-imports --no-cache --no-logo

bench: setup-dev ## Measure the real server beside a bare one, and write the table
	$(PY) -m benchmarks

screens: setup-dev ## Take the screenshots of docs/screens/ anew
	@scripts/system-packages.sh chromium fonts-wqy-microhei
	$(PY) scripts/screens.py

mutate: setup-dev ## Change scoring/ line by line and list what no test notices (hours; MODULES="spread sample" for some)
	$(PY) scripts/mutate.py $(MODULES)
	$(PY) scripts/mutate.py --show $(MODULES)

bench-scoring: setup-dev ## Measure counting and deciding beside NumPy and R survey, and write the tables
	$(PY) -m benchmarks.scoring

lock: setup-dev ## Pin all dependencies anew, with hashes, from the .in files
	scripts/lock.sh

clean: ## Remove what was built or cached; keep instance/, which holds the data
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache mutants .coverage*
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

.venv/runtime: requirements.txt
	@scripts/system-packages.sh python3-venv
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@echo "Installing the pinned packages into .venv …"
	@$(INSTALL) -r requirements.txt
	@touch $@

.venv/development: requirements-dev.txt .venv/runtime
	@$(INSTALL) -r requirements-dev.txt
	@touch $@
