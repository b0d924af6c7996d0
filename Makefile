# make run       set up and start the server
# make test      set up and run every test; ARGS="-n0 tests/test_x.py" runs some, one by one
# make workshop  as run, for all devices on the local network, with a QR code
# make demo      one run from the command line; prints its folder
# make bench     the benchmarks
# make check     lint, formatting and types

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.requirements
READY_DEV := .venv/.requirements-dev

.PHONY: run workshop demo test bench check clean

run: $(READY)
	$(BIN)/python server.py

workshop: $(READY)
	DEVSERVER_HOST=0.0.0.0 $(BIN)/python server.py

demo: $(READY)
	$(BIN)/python -m devserver demo

test: $(READY_DEV)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal $(ARGS)

bench: $(READY_DEV)
	$(BIN)/python -m benchmarks

check: $(READY_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version)'
	$(PYTHON) -m venv .venv

$(READY): requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(READY_DEV): requirements-dev.txt $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
