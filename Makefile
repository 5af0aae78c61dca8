# What a newcomer, a contributor and CI run. Needs make and Python 3.11 or newer, nothing else:
# everything is installed into $(VENV).

PAGES   ?= 100
OUT     ?= novels/lighthouse-$(PAGES)
PREMISE ?= examples/lighthouse.txt

VENV    ?= .venv
VENV_TRAIN ?= .venv-train
VENV_RAY ?= .venv-ray
JOBS    ?= auto
TRAINING_TESTS := tests/graphs/training tests/finetune/training tests/finetune tests/cli/test_adapter_made.py
BIN     := $(VENV)/bin
BIN_TRAIN := $(VENV_TRAIN)/bin
BIN_RAY := $(VENV_RAY)/bin
FAST := not engine and not vllm and not ray and not slow
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

# The first Python that is new enough, unless one is named: make PYTHON=/path/to/python3.12 …
PYTHON  ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
             $$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)

.DEFAULT_GOAL := help
.PHONY: help novel narrator install dev weights java test test-fast test-engine test-train test-slow test-vllm test-ray environments check format clean distclean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The small model fails its checks now and then. What it is kept for is told; 44 says that some was.
novel: install ## Write a novel from examples/ (PAGES=100 OUT=… PREMISE=…); run it again to resume
	@NOVELCRAFT_WRITE_STOP_AFTER_CAPPED=0 \
	$(BIN)/novelcraft write "$(PREMISE)" --pages $(PAGES) --out "$(OUT)" || test $$? -eq 44

# --resume begins where there is nothing to go on from.
narrator: data/smollm2-135m ## Train the small model on the sample book; run it again to resume
	@mkdir -p data/salt
	@test -f data/salt/prep.toml || cp examples/narrator/prep.toml data/salt/
	$(BIN_TRAIN)/novelcraft train examples/narrator/train.yaml --books examples/sample-book --resume

data/smollm2-135m: | $(VENV_TRAIN)/.installed
	@$(BIN_TRAIN)/novelcraft model unpack smollm2-135m --out $@

install: $(VENV)/.installed ## Install the program into .venv

dev: $(VENV)/.installed-dev ## Install the program and what its checks and tests need

environments: dev $(VENV_TRAIN)/.installed ## Both virtual environments; with -j2, side by side

check: dev ## Lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: test-fast test-engine test-train ## The whole suite

test-fast: dev weights java ## Everything but the tests that run the real embedded model
	$(BIN)/python -m pytest -m "$(FAST)" -n $(JOBS)

# One after the other: two engines on the same cores are many times slower than one.
test-engine: dev weights java ## The tests that run the real embedded model
	$(BIN)/python -m pytest -m "engine and not slow"

# In a virtual environment of its own: the training stack takes 2 GB that nothing else needs. File
# by file, as tests of a file share what they trained, and the longest first.
test-train: $(VENV_TRAIN)/.installed ## The tests that train small models, on the processor
	OMP_NUM_THREADS=1 $(BIN_TRAIN)/python -m pytest $(TRAINING_TESTS) -n $(JOBS) --dist loadfile

# Not a part of `test`: more kills, every tool through every door with the real model, and ten times
# the examples.
test-slow: dev weights java ## What `test` leaves out for its length: more of the same
	$(BIN)/python -m pytest -m slow
	HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest -m "$(FAST)" -n $(JOBS)

# Not a part of `test`: vLLM is some GB. `novelcraft serve` makes its environment, or
# NOVELCRAFT_VLLM names one.
test-vllm: dev weights data/smollm2-135m ## The tests that run a real vLLM, on the processor
	NOVELCRAFT_VLLM_MODEL=$(CURDIR)/data/smollm2-135m $(BIN)/python -m pytest -m vllm

# Not a part of `test`: Ray is a quarter of a GB, and each test starts a cluster.
test-ray: $(VENV_RAY)/.installed ## The tests that start Ray clusters on this machine
	$(BIN_RAY)/python -m pytest -m ray

# Fetched before the tests, because they run without a network.
weights: install
	$(BIN)/novelcraft model pull smollm2-135m
	$(BIN)/novelcraft model pull minilm

java:
	@command -v java >/dev/null || { \
	   echo "The tests check EPUB files with epubcheck, which needs Java."; \
	   echo "  Install it, for example: sudo apt-get install default-jre-headless"; exit 1; }

format: dev ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove caches and build results
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path "./$(VENV)*/*" -prune -exec rm -rf {} +

distclean: clean ## Remove .venv too; novels stay
	rm -rf "$(VENV)" "$(VENV_TRAIN)" "$(VENV_RAY)"

# An old pip cannot resolve the requirements, so the newest comes first.
$(VENV)/.pip:
	@$(or $(PYTHON),false) -c '$(NEW_ENOUGH)' 2>/dev/null || { \
	   echo "Novelcraft needs Python 3.11 or newer; $(or $(PYTHON),python3) is not."; \
	   echo "  Install one and name it: make PYTHON=/path/to/python3.12"; exit 1; }
	@echo "Making a virtual environment in $(VENV)."
	@$(PYTHON) -m venv "$(VENV)"
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.pip
	@echo "Installing Novelcraft into $(VENV); this takes a minute."
	@$(BIN)/python -m pip install --quiet --editable ".[tui]"
	@touch $@

# The pin comes first: of an unpinned torch some indexes give a build with gigabytes of CUDA.
$(VENV_TRAIN)/.installed: pyproject.toml
	@echo "Installing what training needs into $(VENV_TRAIN); this takes a few minutes."
	@$(PYTHON) -m venv "$(VENV_TRAIN)"
	@$(BIN_TRAIN)/python -m pip install --quiet --upgrade pip
	@$(BIN_TRAIN)/python -m pip install --quiet torch==2.13.0
	@$(BIN_TRAIN)/python -m pip install --quiet --editable ".[train,dev]"
	@touch $@

$(VENV_RAY)/.installed: pyproject.toml
	@echo "Installing Ray and what its tests need into $(VENV_RAY); this takes a few minutes."
	@$(PYTHON) -m venv "$(VENV_RAY)"
	@$(BIN_RAY)/python -m pip install --quiet --upgrade pip
	@$(BIN_RAY)/python -m pip install --quiet --editable ".[ray,dev]"
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.installed
	@echo "Installing what the checks and tests need."
	@$(BIN)/python -m pip install --quiet --editable ".[dev]"
	@touch $@
