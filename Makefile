# make app     the page, on http://127.0.0.1:7860, until Ctrl-C
# make test    installs the tools too; then lint, types and every test
# Each makes .venv on its first run and needs Python >= 3.10 with venv; PYTHON=python3.12 picks another.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/run.stamp
DEV := $(VENV)/dev.stamp
PARALLEL := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder # a file of tests stays in one process, with its server; the longest files, e2e, come first

# The page talks to nobody that its user did not ask for.
export GRADIO_ANALYTICS_ENABLED := False
export HF_HUB_DISABLE_TELEMETRY := 1

.PHONY: app test lint format lock clean

app: $(RUN)
	$(VENV)/bin/python app.py

test: lint
	$(VENV)/bin/python -m pytest $(PARALLEL)

lint: $(DEV)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

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
