# Needs only Python 3.11 or newer, git and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready
# Four test programs also on two cores: most of them wait for processes, terminals and clocks most of the time.
# Finds processes of the whole host by what started them: in a test program of its own.
ALONE  := tests/integration/test_processes_configured.py
# Hundreds of the tests' processes would otherwise compile the program again, each for itself.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint bench soak docs picture clean

run: $(STAMP)
	@$(BIN)/agent-monitor $(ARGS)

test: $(STAMP)
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m pytest -n 4 --dist loadfile --ignore $(ALONE)
	$(BIN)/python -m pytest $(ALONE)
endif

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(STAMP)
	$(BIN)/python -m tests.benchmarks $(ARGS)
	$(BIN)/python -m tests.benchmarks.sessions
	$(BIN)/python -m tests.benchmarks.systems --postgres

soak: $(STAMP)
	$(BIN)/python -m tests.benchmarks.soak $(ARGS)

docs: $(STAMP)
	$(BIN)/python -m monitor.cli.reference docs/reference

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Agent Monitor needs Python 3.11 or newer; set PYTHON=…")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip --quiet --disable-pip-version-check install --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip --quiet --disable-pip-version-check install --editable . --group dev
	@touch $@

picture: $(STAMP)
	$(BIN)/python tools/picture.py docs/pictures

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
