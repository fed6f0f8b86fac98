# The set-up is one stamp: it is made anew when setup.py or pyproject.toml change.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: run test test-all lint clean

run: $(READY)
	$(BIN)/python -m eatnas_tf.bin.pipeline --workdir=runs/quickstart

test: $(READY)
	$(BIN)/python -m pytest -q -m "not slow"

test-all: $(READY)
	$(BIN)/python -m pytest -q

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) runs build dist *.egg-info

$(READY): setup.py pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@
