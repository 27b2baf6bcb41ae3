# make plan | test | lint | local | up ... : see `make help`
PYTHON ?= python3
STACK ?= dev
ACCOUNT ?= story
VENV := .venv
BIN := $(VENV)/bin
SET_UP := $(VENV)/.set-up
RUNTIME := $(VENV)/.runtime
# Each worker runs the programs anew that its tests ask for, so more of them than processors take longer.
WORKERS := $(shell $(PYTHON) -c "import os; print(os.cpu_count() or 1)")
FAST := tests/project tests/settings tests/components tests/program tests/bootstrap tests/aws tests/release tests/story tests/screens tests/emulator
# Every process would compile the tests and the tools anew.
unexport PYTHONDONTWRITEBYTECODE
ACTIONLINT := go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
LOCK := --quiet --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help set-up runtime bootstrap plan local local-down up preview destroy test quick timed lint style types workflows format e2e docs screens lock bench bench-migrate clean

help: ## what can be done here
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(SET_UP): requirements.txt requirements-dev.txt pyproject.toml
	@echo "setting up $(VENV) (a minute, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@ $(RUNTIME)

set-up: $(SET_UP) ## everything below does it by itself

$(RUNTIME): requirements.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

runtime: $(RUNTIME) ## what a deploy needs, without the tools of the tests

plan: $(SET_UP) ## what dev and prod would be made of: no account, no Pulumi, no credentials
	@$(BIN)/story plan

local: $(SET_UP) ## rehearse a whole `up` against an emulated AWS on this machine
	@$(BIN)/story local up

local-down: $(SET_UP) ## end the rehearsal and remove what it left
	@$(BIN)/story local down

up: $(SET_UP) ## bring up or update STACK (STORY_IMAGE=... for a release); before a first update, the account is checked
	@[ "$(STORY_PREFLIGHT)" = off ] || $(BIN)/story doctor --before --only-first --stack $(STACK) || [ $$? -ne 4 ] \
		|| { echo "make up: the errors above would stop the first update; to skip this check: make up STACK=$(STACK) STORY_PREFLIGHT=off"; exit 1; }
	pulumi up --stack $(STACK)

preview: $(SET_UP) ## what `up` of STACK would do
	pulumi preview --stack $(STACK) --diff

destroy: $(SET_UP) ## remove STACK (lift its protection first)
	pulumi destroy --stack $(STACK)

bootstrap: $(SET_UP) ## what an account needs first, once: docs/bootstrap.md (a person's admin credentials)
	pulumi up --cwd bootstrap --stack $(ACCOUNT)

test: style ## lint, and all tests but the timed and the end-to-end ones, the fast ones first
	@$(MAKE) --no-print-directory --jobs 2 types quick

# Beside the types, which take one processor.
quick: $(SET_UP)
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not timed" $(FAST)

timed: $(SET_UP) ## the steps of a release on the emulator, whose tasks and deployments take their time (2 minutes)
	@$(BIN)/pytest -n 4 --dist worksteal -m timed tests/release tests/story tests/emulator

lint: style types ## ruff, basedpyright in strict mode, and zizmor on the workflows

style: $(SET_UP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/zizmor --offline --quiet --pedantic .github

types: $(SET_UP)
	@$(BIN)/basedpyright --level error

workflows: $(SET_UP) ## actionlint (needs Go) and zizmor on .github/workflows
	@$(BIN)/zizmor --offline --quiet --pedantic .github
	@if command -v go >/dev/null; then $(ACTIONLINT); else echo "no go here, so no actionlint: go.dev/doc/install"; fi

format: $(SET_UP) ## let ruff write
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

e2e: timed ## the timed tests, then the real engine on the emulator: both environments, then failures (20 minutes)
	@$(BIN)/pytest -n 3 --dist loadfile tests/e2e

docs: $(SET_UP) ## write schemas, docs/settings.md and the tables of docs/ from the code
	@$(BIN)/story docs

screens: $(SET_UP) ## make the pictures of docs/screens anew
	@$(BIN)/python -m screens

lock: $(SET_UP) ## pin the dependencies of requirements*.in
	@$(BIN)/python -m pip install --quiet pip-tools
	@$(BIN)/pip-compile $(LOCK) --output-file requirements.txt requirements.in
	@$(BIN)/pip-compile $(LOCK) --output-file requirements-dev.txt requirements-dev.in

bench: $(SET_UP) ## measure plan and preview for 1 to 50 workers
	@$(BIN)/python bench/preview.py

bench-migrate: $(SET_UP) ## measure how soon the end of a migration is seen (seven minutes)
	@$(BIN)/python bench/migrate.py

clean: ## remove the environment and every cache (a rehearsal goes with `make local-down`)
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis *.egg-info
