# What can be done here, one verb each: `make help` lists them. CI and CONTRIBUTING.md use the same verbs.
# It needs Python 3.11 or later and make; everything it writes stays in this folder.

.DEFAULT_GOAL := help
.PHONY: help setup demo servers test unit lint types format bench bench-kafka bench-ingest build installed lock upgrade
.PHONY: bench-http bench-million clean chaos openapi

BIN := .venv/bin
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Chromium and the tests keep what they leave behind in this folder too.
PYTEST := XDG_CONFIG_HOME="$(CURDIR)/.cache/config" XDG_CACHE_HOME="$(CURDIR)/.cache" $(BIN)/pytest --basetemp=build/pytest
# One more at a time than there are cores: tests of servers wait much. A file stays together, and with it its servers.
SIDE_BY_SIDE := --numprocesses=$$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist=loadfile
EXTRAS := cli sqlite kafka s3 feeds sitemaps articles ingest serve notify all
COMPILE = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header --quiet $(UPGRADE)

help:  ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/\1\t\2/p' Makefile | expand -t 12

setup: .venv/.ready  ## prepare .venv, with .venv/bin/wireroom; a second time it does nothing

.venv/.ready: requirements/dev.txt pyproject.toml
	@found=; for python in python3 python3.14 python3.13 python3.12 python3.11; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then found=$$python; break; fi; done; \
	test -n "$$found" || { echo 'Python 3.11 or later is needed; none is on the PATH.' >&2; exit 1; }; \
	$$found -c 'import ensurepip, venv' 2> /dev/null || { \
		echo "This Python comes without venv. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
	test -x $(BIN)/pip || $$found -m venv --clear .venv
	@echo 'Preparing .venv (about a minute the first time) ...'
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup  ## start Wireroom on one port with example articles
	@$(BIN)/wireroom demo

servers: setup  ## build and download the servers that tests start, once (Go and Java; what is absent is left out)
	@$(BIN)/python -m tests.servers

test: setup lint types servers  ## everything that must hold: lint, types, all tests
	@mkdir -p build
	$(PYTEST) $(SIDE_BY_SIDE)

unit: setup  ## the unit tests only, under a minute
	@mkdir -p build
	$(PYTEST) $(SIDE_BY_SIDE) tests/unit

SEED ?= 1
ROUNDS ?= 200

chaos: setup servers  ## everything fails at random, SEED=… ROUNDS=…; prints what was lost, writes build/chaos.json
	@mkdir -p build
	$(PYTEST) -m chaos
	$(BIN)/python -m tests.chaos $(SEED) $(ROUNDS)

openapi: setup  ## write schemas/openapi.yaml anew from the models
	$(BIN)/python -m tests.openapi

lint: setup  ## style, formatting, and who may import what
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo

types: setup  ## mypy --strict, over code and tests
	$(BIN)/mypy

format: setup  ## format the code and mend what ruff can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: setup  ## measure; prints a table and writes build/bench.json
	$(BIN)/python -m tests.bench

bench-kafka: setup servers  ## measure the workers on Kafka and S3 only
	$(BIN)/python -m tests.bench kafka

bench-million: setup servers  ## a million archived articles on Kafka beside live news; half an hour
	$(BIN)/python -m tests.bench million

bench-ingest: setup servers  ## measure events over HTTP only
	$(BIN)/python -m tests.bench ingest

bench-http: setup  ## measure documents over HTTP beside nginx (needs wrk and nginx)
	$(BIN)/python -m tests.bench http

build: setup  ## the wheel and the source distribution, in dist
	$(BIN)/python -m build --no-isolation

installed: setup  ## install the wheel in an empty environment per extra and start each worker there (needs the network)
	@mkdir -p build
	$(BIN)/pytest --basetemp=build/pytest -m network

lock: setup  ## write requirements/*.txt anew after a change of pyproject.toml, keeping versions
	$(COMPILE) pyproject.toml --all-extras --group dev --output-file requirements/dev.txt
	$(COMPILE) --constraint requirements/dev.txt --group build --output-file requirements/build.txt
	$(COMPILE) pyproject.toml --constraint requirements/dev.txt --output-file requirements/base.txt
	for extra in $(EXTRAS); do \
		$(COMPILE) pyproject.toml --constraint requirements/dev.txt --extra $$extra \
		--output-file requirements/$$extra.txt || exit 1; done

upgrade: UPGRADE := --upgrade
upgrade: lock  ## raise every dependency to its newest allowed version

clean:  ## remove everything that the verbs made
	rm -rf .venv .cache build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
