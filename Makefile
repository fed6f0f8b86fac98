# The set-up is one stamp: it is made anew when setup.py or pyproject.toml change.
PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
READY := $(VENV)/ready
TYPED := build/typed

.PHONY: run test test-all lint clean

run: $(READY)
	$(BIN)/python -m eatnas_tf.bin.pipeline --workdir=runs/quickstart

test: $(READY)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not slow"

test-all: $(READY)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

# Types are checked on an installed copy: only there mutations/ and flags/ lie inside the package.
lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf build
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(TYPED) .
	cd $(TYPED) && $(BIN)/mypy --config-file $(CURDIR)/pyproject.toml -p eatnas_tf

clean:
	rm -rf $(VENV) build dist *.egg-info

$(READY): setup.py pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing eatnas_tf and what it needs into $(VENV) (a minute or two)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@
