# Everything runs in .venv, which `make` creates; nothing outside the checkout is touched.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help
help: ## show this help
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,lint,docs,tools]'
	# The release whose ABI this follows, beside the one that speed is measured against.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade \
		--target $(VENV)/oracle wasmtime==12.0.0
	@touch $@

.PHONY: venv
venv: $(STAMP) ## create .venv and install the package with what tests and linters need

.PHONY: demo
demo: venv ## compile a real program and run it
	$(BIN)/python tools/demo.py

.PHONY: walkthrough
walkthrough: venv ## two documents, command by command, in environments of their own (minutes)
	$(BIN)/python tools/follow.py docs/from-install-to-plot.md
	$(BIN)/python tools/follow.py docs/example-passes.md

.PHONY: test
test: venv ## run every test
	$(BIN)/python -m pytest -n auto --dist worksteal
	$(BIN)/lit -q tests/filecheck

.PHONY: pytest
pytest: venv ## run the Python tests
	$(BIN)/python -m pytest -n auto --dist worksteal

.PHONY: filecheck
filecheck: venv ## run the IR tests
	$(BIN)/lit -q tests/filecheck

.PHONY: test-aarch64
test-aarch64: venv ## run tests of the runtime in an emulated Python for aarch64 (an hour; needs qemu-user)
	$(BIN)/python tools/aarch64_python.py test

.PHONY: lint
lint: venv ## run the linters
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python

.PHONY: docs
docs: venv ## build the documentation as a site in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

.PHONY: bench
bench: venv ## measure speed and memory (minutes; prints ratios)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check wasmtime==50.0.1
	# A C compiler builds it; without one, calls are not compared with its.
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check pywasm3==0.5.0
	$(BIN)/python tools/bench.py

.PHONY: bench-suite
bench-suite: venv ## compare thirty programs with Wasmtime, V8, wasm2c and native (an hour; SUITE="--only curve lu")
	$(BIN)/python -m pip install --quiet --disable-pip-version-check ziglang wasmtime==50.0.1
	$(BIN)/python benchmarks/run.py $(SUITE)

.PHONY: spec
spec: venv ## run every file of the WebAssembly test-suite and print a table (minutes; SPEC="--only 'simd_*'")
	$(BIN)/python tools/spec_table.py $(SPEC)

.PHONY: fuzz
fuzz: venv ## mutate modules and artifacts, and compare state after traps with Wasmtime's (minutes; FUZZ=--seed 5)
	$(BIN)/python tools/fuzz_validation.py --count 100000 $(FUZZ)
	$(BIN)/python tools/fuzz_validation.py --shapes
	$(BIN)/python tools/fuzz_artifacts.py --count 12000 --jobs 2 $(FUZZ)
	$(BIN)/python tools/fuzz_traps.py --count 500 --jobs 2 $(FUZZ)
	$(BIN)/python tools/fuzz_vectors.py --count 1000 $(FUZZ)

.PHONY: clean
clean: ## remove everything that make created
	rm -rf $(VENV)
