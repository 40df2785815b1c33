# Everything runs in .venv, which the first target that needs it builds from requirements.lock.
# The hundreds of processes that tests start read bytecode that is there, whatever the shell says of it.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
BIN := .venv/bin
LOCK = $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --upgrade

.DEFAULT_GOAL := help
.PHONY: help install demo test cluster conformance lint format bench soak lock clean

help:            ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/ —/'

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

install: .venv/installed  ## build .venv

demo: .venv/installed     ## the whole story on this machine (KEEP=1, RUNTIME=kubernetes)
	$(BIN)/python config/demo/story.py $(if $(KEEP),--keep) $(if $(RUNTIME),--runtime $(RUNTIME))

test: .venv/installed     ## every test; builds a Kubernetes control plane once, where that can be done
	@$(BIN)/python -m tests.cluster.build || true
	$(BIN)/pytest

cluster: .venv/installed  ## a Kubernetes control plane to try things on, until Ctrl-C (READY_AFTER=seconds)
	@$(BIN)/python -m tests.cluster.serve $(if $(READY_AFTER),--ready-after $(READY_AFTER))

conformance: .venv/installed ## Thespian's own suite over the engine, on every Python that is here
	$(BIN)/python tests/engine/conformance.py

lint: .venv/installed     ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy config/demo/*.py
	$(BIN)/lint-imports

format: .venv/installed   ## put the code into its form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: .venv/installed    ## figures, as ratios (ENGINE=1, FORWARDER=1, CLUSTER=1: of that alone)
	$(BIN)/python tests/bench/run.py $(if $(ENGINE),engine) $(if $(FORWARDER),forwarder) $(if $(CLUSTER),cluster)

soak: .venv/installed     ## long fault and fuzz runs (MINUTES=n)
	$(BIN)/python tests/bench/soak.py $(or $(MINUTES),5)

lock: .venv/installed     ## write the lock files anew
	$(LOCK) pyproject.toml --extra dev --output-file requirements.lock
	$(LOCK) --group go --output-file tests/cluster/go.requirements.lock

clean:           ## remove what make built
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
