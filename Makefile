# Everything that a person or a machine does with this project. `make help` lists it.
#
# Needs Python 3.11 or newer and the package registries; Node.js is used when there is one and fetched when not.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# The fastest Python that is here and new enough; asked for when an environment is made.
PYTHON ?= $(shell requirements/fastest_python.sh)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Scripts in the environment name it by its full path: a checkout that was moved is installed anew.
PLACE := $(shell printf '%s' '$(CURDIR)' | cksum | cut -d' ' -f1)
RUNTIME := .venv/installed-runtime-$(PLACE)
DEV := .venv/installed-dev-$(PLACE)
QUICKFIX := .venv/installed-quickfix-$(PLACE)
GENERATOR := .venv/installed-client-$(PLACE)
EXPLORER := web/explorer/dist/index.html
EXPLORER_SOURCES := web/compress.mjs $(shell find web/explorer -name node_modules -prune -o -name dist -prune -o -type f -print)
DESK := web/desk/dist/index.html
DESK_SOURCES := schema.graphql web/compress.mjs $(shell find web/desk -name node_modules -prune -o -name dist -prune -o -name gql -prune -o -type f -print)
PAGES := $(EXPLORER) $(DESK)
PACKAGES := adapters api cli domain workers
LOCK := .venv/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url
WORKERS ?= 3

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: $(RUNTIME) $(PAGES) ## Start everything; Ctrl-C stops it
	@$(BIN)/tradegraph up

.PHONY: test
test: $(DEV) $(PAGES) ## Run all tests on throw-away servers; make test WORKERS=2, make test ARGS="-k ledger"
	@$(BIN)/python -m pytest --ignore tests/ha --numprocesses $(WORKERS) --dist worksteal --folder-times $(ARGS)

.PHONY: matrix
matrix: $(PAGES) ## Run the tests on each Python from 3.11 to 3.14 that is here; make matrix ARGS="-k ledger"
	@WORKERS=$(WORKERS) requirements/matrix.sh $(ARGS)

.PHONY: check
check: $(DEV) ## Check form, lint, docstrings, types, ranks of areas, and that generated files are fresh
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target check-types check-form check-imports check-generated

.PHONY: check-form
check-form: $(DEV) ## Check form, lint and docstrings
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/python -m linting.docstrings
	@$(BIN)/python -m linting.broad_excepts
	@$(BIN)/python -m linting.sizes
	@$(BIN)/python -m linting.ignores

.PHONY: check-types
check-types: $(DEV) ## Check types
	@$(BIN)/mypy

.PHONY: check-imports
check-imports: $(DEV) ## Check ranks, circles and purity
	@$(BIN)/lint-imports --no-logo

.PHONY: check-generated
check-generated: $(DEV) ## Check that schema.graphql, the tables in docs/, the migrations and the Python client are fresh
	@$(BIN)/python -m cli.doc_tables --check
	@$(BIN)/tradegraph migrate --check
	@$(BIN)/tradegraph export-schema --check schema.graphql
	@$(BIN)/python clients/python/generator/fingerprint.py

.PHONY: hooks
hooks: $(DEV) ## Run the checks before each commit, with pre-commit
	@pre-commit install --hook-type pre-commit --hook-type commit-msg

.PHONY: format
format: $(DEV) ## Format the code and fix what lint can fix
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: bench
bench: $(DEV) ## Measure speed against limits found in the same run
	@$(BIN)/python -m bench $(ARGS)

.PHONY: exports
exports: $(DEV) ## Measure the memory of exports of a million rows of each kind; make exports ARGS=100000 for fewer
	@$(BIN)/python -m bench.exports $(ARGS)

.PHONY: fuzz
fuzz: $(DEV) ## Send random requests to a platform of its own; make fuzz ARGS="SECONDS SEED"
	@$(BIN)/python -m tests.fuzz $(ARGS)

.PHONY: chaos
chaos: $(DEV) ## Trade under kills, stops, partitions and clock jumps, and prove it; make chaos ARGS="SECONDS SEED"
	@$(BIN)/python -m tests.chaos $(ARGS)

.PHONY: floods
floods: $(DEV) ## Attack a web process and measure what others notice of it; make floods ARGS="TIMES PROCESSES"
	@$(BIN)/python -m tests.floods $(ARGS)

.PHONY: soak
soak: $(DEV) ## Work for an hour and print the memory of web process and engine; make soak ARGS=SECONDS
	@$(BIN)/python -m bench.soak $(ARGS)

.PHONY: restarts
restarts: $(DEV) ## Measure how soon the platform is back after its processes were killed; make restarts ARGS=TIMES
	@$(BIN)/python -m tests.restarts $(ARGS)

.PHONY: ha
ha: $(DEV) ## Trade on a cluster of databases while its primary dies, with Debian's patroni, etcd, haproxy and pgbouncer
	@$(BIN)/python -m pytest tests/ha
	@$(BIN)/python -m tests.ha

.PHONY: image
image: ## Build the container image, with docker or where there is none with buildah
	@if command -v docker >/dev/null; then docker build --file deploy/docker/Dockerfile --tag tradegraph:0.1.0 .; \
	else buildah build --file deploy/docker/Dockerfile --tag tradegraph:0.1.0 .; fi

.PHONY: schema
schema: $(RUNTIME) ## Write what is generated from the code: schema.graphql, the tables in docs/
	@$(BIN)/tradegraph export-schema > schema.graphql
	@$(BIN)/python -m cli.doc_tables

.PHONY: client
client: $(GENERATOR) ## Write the Python client's generated part from schema.graphql and clients/python/operations
	@cd clients/python && PYTHONPATH=generator ../../.venv/client/bin/python generator/generate.py

.PHONY: migrate
migrate: $(RUNTIME) ## Bring the database's schema up to date
	@$(BIN)/tradegraph migrate

.PHONY: explorer
explorer: $(EXPLORER) ## Build the explorer's pages

.PHONY: desk
desk: $(DESK) ## Build the trading desk's pages

.PHONY: conformance
conformance: $(DEV) ## Audit the API with foreign GraphQL clients (graphql-http, graphql-ws)
	@$(BIN)/python -m tests.conformance

.PHONY: screenshot
screenshot: $(DEV) $(EXPLORER) ## Take the README's picture of the explorer, of a platform that runs, with Chromium
	@$(BIN)/python -m tests.browser.screenshot $(ARGS)

.PHONY: screenshots
screenshots: $(DESK) ## Take pictures of every page of a desk that runs into build/screenshots
	@cd web/desk && DESK_ADDRESS="$(or $(ADDRESS),http://127.0.0.1:8000)" DESK_EMAIL="$(or $(EMAIL),admin@tradegraph.localhost)" \
		DESK_PASSWORD="$(PASSWORD)" ../with-node node tests/browser/screenshots.mjs ../../build/screenshots $(PICTURES)

.PHONY: desk-speed
desk-speed: $(DESK) ## Measure the desk in Chromium under a busy market, on a platform that runs; make desk-speed PASSWORD=... SECONDS=3600
	@cd web/desk && DESK_ADDRESS="$(or $(ADDRESS),http://127.0.0.1:8000)" DESK_EMAIL="$(or $(EMAIL),admin@tradegraph.localhost)" \
		DESK_PASSWORD="$(PASSWORD)" ../with-node node tests/browser/speed.mjs $(or $(SECONDS),60)

.PHONY: install
install: $(DEV) ## Make the virtual environment, with what tests and checks need

.PHONY: quickfix
quickfix: $(QUICKFIX) ## Build QuickFIX, the counterparty of FIX tests, which takes minutes once

.PHONY: lock
lock: ## Resolve the dependencies anew into requirements/; make lock ARGS=--upgrade takes newer ones
	@$(PYTHON) -m venv .venv/lock
	@.venv/lock/bin/python -m pip --disable-pip-version-check install --quiet --upgrade uv
	@$(LOCK) $(ARGS) pyproject.toml --group build --group dev --extra ccxt --extra otel --extra parquet \
		--output-file requirements/dev.lock
	@$(LOCK) $(ARGS) pyproject.toml --group build --constraint requirements/dev.lock \
		--output-file requirements/runtime.lock
	@$(LOCK) $(ARGS) --group pyproject.toml:node --output-file requirements/node.lock
	@$(LOCK) $(ARGS) --group pyproject.toml:client --output-file requirements/client.lock
	@$(LOCK) $(ARGS) --group pyproject.toml:quickfix --output-file requirements/quickfix.lock

.PHONY: clean
clean: ## Remove what can be made again: environment, caches, built pages; never the data folder
	@rm -rf .venv .node web/explorer/node_modules web/explorer/dist web/desk/node_modules clients/typescript/node_modules \
		web/desk/dist web/desk/src/gql build *.egg-info \
		.pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
	@$(PYTHON) -m venv .venv

$(RUNTIME): requirements/runtime.lock pyproject.toml | $(BIN)/python
	@echo "installing dependencies"
	@$(PIP) install --quiet --require-hashes --requirement requirements/runtime.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements/dev.lock $(RUNTIME)
	@$(PIP) install --quiet --require-hashes --requirement requirements/dev.lock
	@touch $@

$(QUICKFIX): requirements/quickfix.lock | $(DEV)
	@echo "building QuickFIX, which takes minutes the first time"
	@$(PIP) install --quiet --require-hashes --requirement $<
	@touch $@

$(GENERATOR): requirements/client.lock | $(BIN)/python
	@$(PYTHON) -m venv .venv/client
	@.venv/client/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --requirement $<
	@touch $@

$(DESK): $(DESK_SOURCES) requirements/node.lock | $(RUNTIME)
	@echo "building the trading desk's pages"
	@cd web/desk && ../with-node npm ci --silent && ../with-node npm run --silent build
	@touch $@

$(EXPLORER): $(EXPLORER_SOURCES) requirements/node.lock | $(RUNTIME)
	@echo "building the explorer's pages"
	@cd web/explorer && ../with-node npm ci --silent && ../with-node npm run --silent build
	@touch $@
