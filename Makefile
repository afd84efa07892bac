# The whole workflow. `make` alone lists the targets. Every target sets up what it needs first, once.
# PYTHON=... names the interpreter for a new environment; else the first of 3.11 or newer is taken.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

BIN := .venv/bin
READY := .venv/.ready
BUILD := sh scripts/python.sh -m

# The stamp's first line is the place the environment was built for. A moved checkout, a lost interpreter
# or a named PYTHON sends the question to the builder, which knows the details.
ifneq ($(PYTHON)$(shell [ -x $(BIN)/python ] && head -n 1 $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif

# Standard output stays clean and standard input unread: both belong to the protocol in `make up`.
$(READY): requirements/dev.txt requirements/uv.txt pyproject.toml src/interlock/_version.py scripts/envs.py
	@$(BUILD) scripts.envs </dev/null >&2

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: $(READY) ## build the environment in .venv; .venv/bin/interlock works afterwards
	@echo ".venv is ready"

.PHONY: up
up: $(READY) ## serve examples/weather.py over stdio; standard error says how to attach a host
	@$(BIN)/python -I -S scripts/attach.py
	@exec $(BIN)/interlock run examples/weather.py

.PHONY: test
test: lint ## lint, types, layers, the specification's coverage, then all tests
	@$(BIN)/python -m scripts.spec_coverage --gate
	@$(BIN)/python -m pytest $(PYTEST)

.PHONY: lint lint-style lint-types lint-layers
lint: lint-style lint-types lint-layers ## style, formatting, strict types, the layer contract

lint-style: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

lint-types: $(READY)
	@$(BIN)/basedpyright

lint-layers: $(READY)
	@$(BIN)/lint-imports

.PHONY: format
format: $(READY) ## put style and formatting right where a tool can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: soak
soak: $(READY) ## the soak tests with full counts; repeat a run with INTERLOCK_SEED=its seed
	@seed=$${INTERLOCK_SEED:-$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}; \
	echo "soak: seed $$seed; again with: make soak INTERLOCK_SEED=$$seed"; \
	INTERLOCK_SOAK=1 INTERLOCK_SEED=$$seed $(BIN)/python -m pytest -m soak --timeout=0 --hypothesis-seed=$$seed $(PYTEST)

.PHONY: bench
bench: $(READY) ## run the benchmarks; BENCH="..." passes arguments
	@$(BIN)/python -m benchmarks $(BENCH)

.PHONY: spec
spec: $(READY) ## which rows of the specification the tests cover, which not, and why
	@$(BIN)/python -m scripts.spec_coverage

.PHONY: docs
docs: $(READY) ## write what the documentation takes from the code
	@$(BIN)/python -m scripts.docs_reference

.PHONY: peers
peers: $(READY) ## build the other implementations now; a test that needs one builds it else
	@$(BIN)/python -m scripts.peers

.PHONY: lock
lock: ## write the lock files again; UPGRADE=1 moves to the newest versions
	@$(BUILD) scripts.lock $(if $(UPGRADE),--upgrade) </dev/null

.PHONY: clean
clean: ## remove everything that was built here
	@rm -rf .venv dist build .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@rm -f tests/peers/node/node_modules
	@find . -name .git -prune -o -type d -name __pycache__ -exec rm -rf {} +
