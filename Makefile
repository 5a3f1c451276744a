# For people who work on the template and its packages; a generated project has a Makefile of its own.
.DEFAULT_GOAL := help
.PHONY: help demo test fast slow journey toolkit aws athena infrastructure containers lint lock \
  release screenshots clean environment generate tidy

TEMPLATE := {{cookiecutter.project_slug}}
DEMO := build/demo/housing-prices
VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
CACHE := $(CURDIR)/build/cache
ARGS ?=
PACKAGES := packages/sagelocal packages/sagetabular
# What the environment is made of.
MADE_OF := "$(TEMPLATE)/requirements.lock" requirements.lock $(PACKAGES:%=%/pyproject.toml)

# What runs beside each other prints its output in one piece, if this make can do that.
OUTPUT_SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync)

# The template is checked and tested as it stands; caches stay out of it, or they would be generated.
export PYTHONPYCACHEPREFIX := $(CACHE)/python
export RUFF_CACHE_DIR := $(CACHE)/ruff
export HYPOTHESIS_STORAGE_DIRECTORY := $(CACHE)/hypothesis

# The tests of the template and of both packages that an expression selects.
tests = for folder in . $(PACKAGES); do \
  (cd $$folder && "$(BIN)/python" -m pytest -o cache_dir="$(CACHE)/pytest" -n auto \
    -m '$(1)' $(ARGS)) || exit; done

help:  ## show this help
	@echo "usage: make TARGET"
	@sed -n 's/^\([a-z]*\):.*  ## /  \1@/p' Makefile | awk -F@ '{printf "%-15s %s\n", $$1, $$2}'

demo: generate  ## generate a project with default answers and run its pipeline on this machine
	@$(MAKE) --no-print-directory -C "$(DEMO)" run </dev/null

test: lint fast slow  ## everything: checks, tests, and the journey of a new user (minutes)
	@$(MAKE) --no-print-directory -j 2 $(OUTPUT_SYNC) infrastructure journey \
	  $(if $(TEST_CONTAINERS),containers) aws athena toolkit
	@[ -n "$(TEST_CONTAINERS)" ] || \
	  echo "No image was built or tested: TEST_CONTAINERS is not set, see make containers."

journey: environment  ## do what a new user does, with an empty home folder, and kill 20 runs
	@for folder in . packages/sagetabular; do \
	  (cd $$folder && "$(BIN)/python" -m pytest -o cache_dir="$(CACHE)/pytest-journey" -m journey \
	    $(ARGS)) || exit; done

toolkit: environment  ## run the compiled archives under AWS's own training toolkit
	@"$(BIN)/python" -m pytest -o cache_dir="$(CACHE)/pytest-toolkit" tests/toolkit $(ARGS)

aws: environment  ## execute a project's buildspec against a local AWS server
	@"$(BIN)/python" -m pytest -o cache_dir="$(CACHE)/pytest-aws" tests/aws $(ARGS)

athena: environment  ## compare ingestion from a local Athena with ingestion from the lake
	@"$(BIN)/python" -m pytest -o cache_dir="$(CACHE)/pytest-athena" tests/athena $(ARGS)

infrastructure: environment  ## deploy a project's templates to a local AWS server, and use them
	@"$(BIN)/python" -m pytest -o cache_dir="$(CACHE)/pytest-infrastructure" \
	  tests/infrastructure $(ARGS)

containers: environment  ## build and test a project's images (root; podman, buildah, runc, mmdebstrap)
	@"$(BIN)/python" -m pytest -o cache_dir="$(CACHE)/pytest-container" tests/container $(ARGS)

lint: environment  ## check style, types and import rules, of the template's files as they stand too
	@"$(BIN)/ruff" check . && "$(BIN)/ruff" format --check .
	@"$(BIN)/mypy" --cache-dir "$(CACHE)/mypy"
	@"$(BIN)/lint-imports" --no-logo --no-cache
	@cd "$(TEMPLATE)" && "$(BIN)/ruff" check . && "$(BIN)/ruff" format --check .
	@cd "$(TEMPLATE)" && "$(BIN)/mypy" --cache-dir "$(CACHE)/mypy-template"

fast: environment  ## quick tests of the template and of both packages
	@$(call tests,not slow and not journey)

slow: environment  ## the other tests of all three: whole pipelines, kills, servers
	@$(call tests,slow and not journey)
	@cd "$(TEMPLATE)" && "$(BIN)/python" -m pytest -o cache_dir="$(CACHE)/pytest-contract" -n auto \
	  --pyargs sagetabular.testing.container

lock: generate  ## resolve all lock files anew (ARGS=--upgrade for newer versions)
	@$(MAKE) --no-print-directory -C "$(DEMO)" lock ARGS="$(ARGS)"
	@cp "$(DEMO)/requirements.lock" "$(TEMPLATE)/requirements.lock"
	@cp "$(DEMO)"/container/*.lock "$(TEMPLATE)/container/"
	@"$(BIN)/uv" pip compile --quiet --universal $(ARGS) --generate-hashes --group dev \
	  --no-header --no-annotate --constraint "$(TEMPLATE)/requirements.lock" --find-links "$(TEMPLATE)/vendor" \
	  --output-file requirements.lock pyproject.toml
	@"$(BIN)/uv" pip compile --quiet --universal $(ARGS) --python-version 3.12 --generate-hashes \
	  --no-header --no-annotate --constraint requirements.lock \
	  --output-file studio/seed/seed.lock studio/seed/seed.in
	@for wanted in tests/athena/requirements tests/aws/requirements \
	    $(basename $(wildcard tests/infrastructure/*.in)); do \
	  "$(BIN)/uv" pip compile --quiet --universal $(ARGS) --python-version 3.11 \
	    --generate-hashes --no-header --no-annotate \
	    --output-file $$wanted.lock $$wanted.in || exit 1; \
	done

release: environment  ## release both packages: VERSION=1.1.0
	@"$(BIN)/python" packages/release.py "$(VERSION)"

screenshots: demo  ## take the pictures in docs/ (with Debian's tmux and chromium)
	@"$(BIN)/python" docs/screenshots/take.py "$(DEMO)"

clean: tidy  ## remove everything that was built
	@rm -rf build "$(VENV)"
	@find benchmarks docs hooks packages studio tests -name __pycache__ -type d -prune -exec rm -rf {} +

# One environment for the template's tools and for all that a generated project needs, made by the
# generated project's own rules; the packages are those of this repository.
environment:
	@$(MAKE) --no-print-directory -C "$(TEMPLATE)" setup VENV="$(VENV)" \
	  LOCKS="requirements.lock ../requirements.lock"
	@cat $(MADE_OF) | cmp -s - "$(VENV)/made-of" || { \
	  "$(BIN)/uv" pip install --quiet --python "$(BIN)/python" --no-deps --no-build-isolation \
	    $(PACKAGES:%=--editable %) \
	  && cat $(MADE_OF) > "$(VENV)/made-of"; }

# An earlier project keeps its environment and its runs; everything else is made anew.
generate: environment tidy
	@mkdir -p "$(DEMO)"
	@find "$(DEMO)" -mindepth 1 -maxdepth 1 ! -name .venv ! -name .pipeline -exec rm -rf {} +
	@"$(BIN)/cookiecutter" . --no-input --default-config --overwrite-if-exists --output-dir build/demo

# What a tool that was started inside the template has left there must not be generated.
tidy:
	@find "$(TEMPLATE)" \( -name __pycache__ -o -name '.*_cache' -o -name .hypothesis \
	  -o -name .pipeline -o -name .venv \) -prune -exec rm -rf {} +
