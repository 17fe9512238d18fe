# make demo   the whole chain on this machine, in one command (DEMO_ARGS="--video FILE ..." for more)
# make test   everything that is checked, on real servers
# make help   the rest

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SOURCES := core edge services tests bench

.PHONY: help
help:
	@sed -n 's/^# \(make .*\)/\1/p' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/.demo-installed models
	@$(BIN)/spasmwatch demo $(DEMO_ARGS)

.PHONY: test
# make check  style, types and structure only
test: test-system $(VENV)/.dev-installed all-models check
	$(BIN)/pytest -n 2 --dist loadgroup $(TEST_ARGS)

.PHONY: check
check: $(VENV)/.dev-installed
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy core edge services
	$(BIN)/lint-imports

.PHONY: test-system
# make test-system  install by apt what the tests need (as root on Debian), or say what is missing
test-system:
	@deploy/test-system.sh

.PHONY: models
# make models  fetch the landmark model and check its hash
models: | $(VENV)/.demo-installed
	@$(BIN)/spasmwatch models fetch >&2

.PHONY: all-models
# make all-models  the same and the model that recognizes the enrolled person
all-models: | $(VENV)/.demo-installed
	@$(BIN)/spasmwatch models fetch --all >&2

.PHONY: init
# make init   keys, passwords and settings of a home's server (INIT_ARGS="--host NAME --camera cam1=ROOM ...")
init: $(VENV)/.demo-installed
	@$(BIN)/spasmwatch init $(INIT_ARGS)

.PHONY: lock
# make lock   pin every dependency by hash, without download addresses
lock: $(VENV)/.dev-installed
	$(BIN)/python deploy/lock.py

# A Debian without python3-venv has no ensurepip; pip can fill an empty environment from outside.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "SpasmWatch needs Python 3.11 or newer; $(PYTHON) is older (make PYTHON=python3.12 ...)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null \
	  || { $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install -q pip; }

$(VENV)/.demo-installed: requirements/demo.lock pyproject.toml | $(BIN)/python
	@echo "installing SpasmWatch into $(VENV) (a minute or two, once)" >&2
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/demo.lock >&2
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . >&2
	@touch $@

$(VENV)/.dev-installed: requirements/dev.lock $(VENV)/.demo-installed
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@

.PHONY: docs
# make docs   write the generated pages again: record schemas, AsyncAPI, settings
docs: $(VENV)/.dev-installed
	$(BIN)/python docs/generate.py
