# `make demo` and `make test` are all that a newcomer needs; both install what is missing.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test lint types unit fuzz docs site self bench dist clean

help: ## Show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

.venv/runtime: pyproject.toml scripts/setup
	PYTHON=$(PYTHON) scripts/setup runtime

.venv/dev: pyproject.toml scripts/setup
	PYTHON=$(PYTHON) scripts/setup dev

demo: .venv/runtime ## Judge the worked example and write its signed report
	scripts/demo

test: lint types unit ## Lint, type-check and test everything

lint: .venv/dev ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev ## Check types
	$(BIN)/mypy compliance evidence policies tests

unit: .venv/dev ## Run the tests
	$(BIN)/python -m pytest

fuzz: .venv/dev ## Fuzz the reader of each format, for a minute each; findings stay in build/fuzz
	$(BIN)/python -m tests.fuzz build/fuzz

docs: .venv/dev ## Write the generated parts of the documents
	$(BIN)/python -m tests.documents

site: .venv/dev ## Build the documentation site into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

self: .venv/dev ## Judge this project itself, with live scanners
	scripts/self

bench: .venv/dev ## Measure; results go to benchmarks/README.md by hand
	$(BIN)/python benchmarks/run.py

dist: .venv/dev ## Build sdist and wheel from the last commit
	scripts/dist

clean: ## Remove what the other targets made
	rm -rf .venv build dist *.egg-info examples/*/out .compliance junit.xml coverage.json .coverage
