# For people who work on the template; a generated project has a Makefile of its own.
.DEFAULT_GOAL := help
.PHONY: help demo test fast slow journey toolkit aws athena containers lint lock screenshots clean environment generate tidy

TEMPLATE := {{cookiecutter.project_slug}}
DEMO := build/demo/housing-prices
VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
CACHE := $(CURDIR)/build/cache
ARGS ?=
# Where the template's own Python is.
OWN := benchmarks docs hooks tests

# What runs beside each other prints its output in one piece, if this make can do that.
OUTPUT_SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync)

# The template is checked and tested as it stands; caches stay out of it, or they would be generated.
export PYTHONPYCACHEPREFIX := $(CACHE)/python
export RUFF_CACHE_DIR := $(CACHE)/ruff
export HYPOTHESIS_STORAGE_DIRECTORY := $(CACHE)/hypothesis

# The template's tests that a first expression selects, then the project's that a second one does.
tests = "$(BIN)/python" -m pytest -o cache_dir="$(CACHE)/pytest" -n auto -m '$(1)' $(ARGS) \
  && cd "$(TEMPLATE)" && "$(BIN)/python" -m pytest -o cache_dir="$(CACHE)/pytest-template" \
    -n auto --dist loadfile -m '$(2)' $(ARGS)

help:  ## show this help
	@echo "usage: make TARGET"
	@sed -n 's/^\([a-z]*\):.*  ## /  \1@/p' Makefile | awk -F@ '{printf "%-12s %s\n", $$1, $$2}'

demo: generate  ## generate a project with default answers and run its pipeline on this machine
	@$(MAKE) --no-print-directory -C "$(DEMO)" run

test: lint fast slow  ## everything: checks, tests, and the journey of a new user (minutes)
	@$(MAKE) --no-print-directory -j 2 $(OUTPUT_SYNC) journey $(if $(TEST_CONTAINERS),containers) aws athena toolkit
	@[ -n "$(TEST_CONTAINERS)" ] || \
	  echo "No image was built or tested: TEST_CONTAINERS is not set, see make containers."

journey: environment  ## do what a new user does, with an empty home folder, and kill 20 runs
	@"$(BIN)/python" -m pytest -o cache_dir="$(CACHE)/pytest-journey" -m journey $(ARGS)

toolkit: environment  ## run the compiled archives under AWS's own training toolkit
	@"$(BIN)/python" -m pytest -o cache_dir="$(CACHE)/pytest-toolkit" tests/toolkit $(ARGS)

aws: environment  ## execute a project's buildspec against a local AWS server
	@"$(BIN)/python" -m pytest -o cache_dir="$(CACHE)/pytest-aws" tests/aws $(ARGS)

athena: environment  ## compare ingestion from a local Athena with ingestion from the lake
	@"$(BIN)/python" -m pytest -o cache_dir="$(CACHE)/pytest-athena" tests/athena $(ARGS)

containers: environment  ## build and test a project's images (root; podman, buildah, runc, mmdebstrap)
	@"$(BIN)/python" -m pytest -o cache_dir="$(CACHE)/pytest-container" tests/container $(ARGS)

lint: environment  ## check style, types and import rules, of the template's files as they stand too
	@"$(BIN)/ruff" check $(OWN) && "$(BIN)/ruff" format --check $(OWN)
	@"$(BIN)/mypy" --cache-dir "$(CACHE)/mypy"
	@cd "$(TEMPLATE)" && "$(BIN)/ruff" check . && "$(BIN)/ruff" format --check .
	@cd "$(TEMPLATE)" && "$(BIN)/mypy" --cache-dir "$(CACHE)/mypy-template"
	@cd "$(TEMPLATE)" && "$(BIN)/lint-imports" --no-logo --no-cache

fast: environment  ## quick tests of the template, and of the generated project as it stands here
	@$(call tests,not slow and not journey,not slow)

slow: environment  ## the other tests of both: whole pipelines, kills, servers
	@$(call tests,slow and not journey,slow)

lock: generate  ## resolve all lock files anew
	@$(MAKE) --no-print-directory -C "$(DEMO)" lock
	@cp "$(DEMO)/requirements.lock" "$(TEMPLATE)/requirements.lock"
	@cp "$(DEMO)"/container/*.lock "$(TEMPLATE)/container/"
	@"$(BIN)/uv" pip compile --quiet --universal --upgrade --generate-hashes --group dev \
	  --no-emit-index-url --no-header --no-annotate --constraint "$(TEMPLATE)/requirements.lock" \
	  --output-file requirements.lock pyproject.toml
	@for server in athena aws; do \
	  "$(BIN)/uv" pip compile --quiet --universal --upgrade --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-header --no-annotate \
	    --output-file tests/$$server/requirements.lock tests/$$server/requirements.in || exit 1; \
	done

screenshots: demo  ## take the pictures in docs/ (with Debian's tmux and chromium)
	@"$(BIN)/python" docs/screenshots/take.py "$(DEMO)"

clean: tidy  ## remove everything that was built
	@rm -rf build "$(VENV)"
	@find $(OWN) -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment for the template's tools and for all that a generated project needs, made by the
# generated project's own rules.
environment:
	@$(MAKE) --no-print-directory -C "$(TEMPLATE)" environment VENV="$(VENV)" \
	  LOCKS="requirements.lock ../requirements.lock"

# An earlier project keeps its environment and its runs; everything else is made anew.
generate: environment tidy
	@mkdir -p "$(DEMO)"
	@find "$(DEMO)" -mindepth 1 -maxdepth 1 ! -name .venv ! -name .pipeline -exec rm -rf {} +
	@"$(BIN)/cookiecutter" . --no-input --default-config --overwrite-if-exists --output-dir build/demo

# What a tool that was started inside the template has left there must not be generated.
tidy:
	@find "$(TEMPLATE)" \( -name __pycache__ -o -name '.*_cache' -o -name .hypothesis \
	  -o -name .pipeline -o -name .venv \) -prune -exec rm -rf {} +
