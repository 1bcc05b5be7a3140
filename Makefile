# make app     the page, on http://127.0.0.1:7860, until Ctrl-C
# make test    installs the tools too; then lint, types and every test
# Each makes .venv on its first run and needs Python >= 3.10 with venv; PYTHON=python3.12 picks another.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/run.stamp
DEV := $(VENV)/dev.stamp
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# One process more than cores, for a test often waits for its browser.  A file of tests stays in one process, with its
# server; the longest files, e2e, come first.
PARALLEL := -n $(shell expr $(CORES) + 1) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# The page talks to nobody that its user did not ask for.
export GRADIO_ANALYTICS_ENABLED := False
export HF_HUB_DISABLE_TELEMETRY := 1

.PHONY: app test suite lint style types format lock clean

app: $(RUN)
	$(VENV)/bin/python app.py

# mypy, which has one process, runs beside the tests.
test: style
	@$(MAKE) --no-print-directory --jobs 2 types suite

lint: style types

style: $(DEV)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(DEV)
	$(VENV)/bin/mypy

suite: $(DEV)
	$(VENV)/bin/python -m pytest $(PARALLEL)

format: $(DEV)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# Of what .venv has, and the tests ran with.  No index's address goes into the file.
lock: $(DEV)
	$(VENV)/bin/python -m pip install --disable-pip-version-check --quiet uv
	head -n 2 requirements.lock > $(VENV)/lock.txt
	$(VENV)/bin/python -m pip list --format=freeze | grep -vE '^(pip|setuptools|uv)=' > $(VENV)/tested.txt
	$(VENV)/bin/uv pip compile requirements.txt -c $(VENV)/tested.txt --python-version 3.12 \
		--no-emit-index-url --no-header --no-annotate --quiet >> $(VENV)/lock.txt
	mv $(VENV)/lock.txt requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache

$(RUN): requirements.txt
	$(install)

$(DEV): requirements-dev.txt requirements.txt
	$(install)
	@touch $(RUN)

define install
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed: make PYTHON=python3.12")'
$(PYTHON) -m venv $(VENV)
@echo "Installing $< into $(VENV). This takes minutes and says nothing."
$(VENV)/bin/python -m pip install --disable-pip-version-check --quiet -r $<
@touch $@
endef
