# `make demo` and `make test` set everything up by themselves; every other target does too.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FLOWER := .venv-flower

# The default build of torch for Linux brings gigabytes of GPU libraries. To take a CPU build, name
# PyTorch's CPU package index (see "Get Started" on pytorch.org):  make demo TORCH_INDEX_URL=<that index>
TORCH_INDEX_URL ?=
TORCH_INDEX := $(if $(TORCH_INDEX_URL),--index-url $(TORCH_INDEX_URL),)
# The tests start hundreds of processes: what they import is compiled once and kept, whatever is set.
unexport PYTHONDONTWRITEBYTECODE
TORCH := $(shell grep -i '^torch==' constraints.txt)

.PHONY: demo demo-together test test-slow test-flower test-processors audit mutants check lint types imports format screens setup clean bench

demo: $(STAMP)
	@$(BIN)/lockbox demo

# Six vaults that learn together, under a coordinator; a few minutes.
demo-together: $(STAMP)
	@$(BIN)/lockbox demo --together

test: $(STAMP)
	$(BIN)/python -m pytest --hold-cpu-shares

# Repetitions and sweeps, at most 20 minutes on two quiet cores.
test-slow: $(STAMP)
	$(BIN)/python -m pytest -m slow

# Strategies of Flower as they are. It brings a good hundred megabytes that nothing else needs, so it has an environment
# of its own, which sees the packages of the first.
test-flower: $(FLOWER)/.installed
	$(FLOWER)/bin/python -m pytest -n 0 -m flower

$(FLOWER)/.installed: $(STAMP)
	@$(BIN)/python -m venv --clear --without-pip $(FLOWER)
	@$(BIN)/python -c 'import sys, sysconfig; print(sysconfig.get_path("purelib"))' > $(FLOWER)/packages.pth
	@mv $(FLOWER)/packages.pth $$($(FLOWER)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
	@$(BIN)/pip --python $(FLOWER)/bin/python install --quiet --disable-pip-version-check -c constraints.txt \
	  "$$(grep -o 'flwr==[0-9.]*' pyproject.toml)"
	@touch $@

# The learner as on processors without AVX-512: the math library is told to do without.
test-processors: $(STAMP)
	MKL_ENABLE_INSTRUCTIONS=AVX2 $(BIN)/python -m pytest tests/learner
	MKL_ENABLE_INSTRUCTIONS=SSE4_2 $(BIN)/python -m pytest tests/learner

# What takes longer, up to hours; of each a short one is in test-slow.
audit: $(STAMP)
	$(BIN)/python -m pytest -m audit

# Bugs planted in a copy of the sources, one after the other, and each caught by the test it names. JOBS=2 tries two at once.
mutants: $(STAMP)
	$(BIN)/python tests/mutants/run_mutants.py $(if $(JOBS),--jobs $(JOBS))

check: lint types imports

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy
	MYPYPATH=benchmarks $(BIN)/mypy --follow-imports=silent benchmarks

imports: $(STAMP)
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The pictures of docs/screens, of made-up data; one that changed shows where its screen did.
screens: $(STAMP)
	$(BIN)/python tests/tui/make_screens.py

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "lockbox needs Python 3.11 or newer; name one with: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "this Python cannot make a virtual environment; on Debian or Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@echo "Setting up in $(VENV), once: about 340 MB to download with a CPU build of torch (gigabytes with the"
	@echo "default Linux build, see TORCH_INDEX_URL in the Makefile), 1.6 GB on disk (5.4 GB), about two minutes."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check $(TORCH_INDEX) "$(TORCH)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[dev]'
	@touch $(STAMP)

clean:
	rm -rf $(VENV) $(FLOWER) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
