# Two commands do everything on a fresh machine: `make run` and `make test`. `make` lists the rest.

VENV := .venv
BIN := $(VENV)/bin
LOCK := snap/local/requirements.lock
TEST_LOCK := tests/requirements.lock
PROFILE_LOCK := tests/benchmarks/profile.lock
CAMERA ?= fake:commute
UV := $(BIN)/uv
export PYTHONUNBUFFERED := 1
export PORT
# PyPI's wheels by their hashes, and nothing that their metadata would pull in besides
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:
# Packages whose byte-code loses its docstrings, under the name that Python looks for: 1.5 MB of the detector, 0.6 of the
# page. pytest is not among them: its asserts would go with them
LEAN := $(addprefix $(VENV)/lib/python3*/site-packages/,click cv2 flask google gunicorn jinja2 mediapipe numpy psutil \
	werkzeug yaml)
LEAN_BYTE_CODE = $(BIN)/python -m compileall -q -q -j 0 -o 2 $(LEAN); find $(LEAN) -name '*.opt-2.pyc' \
	-exec sh -c 'for file; do mv "$$file" "$${file%.opt-2.pyc}.pyc"; done' lean {} +

.DEFAULT_GOAL := help
.PHONY: help setup run test test-browser check bench bench-detector bench-page profile fake-driver-limits config lock clean

help: ## print this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

setup: $(VENV)/.runtime ## install what drivewatch runs on into .venv

run: setup ## detector and page on the rendered driver, no hardware needed; CAMERA=/dev/video0, PORT=8081; Ctrl-C ends it
	@echo "drivewatch watches $(CAMERA); Ctrl-C ends it"
	@$(BIN)/python -m app.appliance --camera "$(CAMERA)"

test: $(VENV)/.tests ## run the tests, the real face mesh on rendered drivers included
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

test-browser: $(VENV)/.tests ## the page in headless Chromium (sudo apt install chromium chromium-driver)
	$(BIN)/python -m pytest tests/browser/journey.py $(ARGS)

check: $(VENV)/.tests ## lint, types, format, shellcheck, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/shellcheck .ci/run
	$(BIN)/python -m pytest -q tests/test_imports.py

bench: $(VENV)/.tests ## what it costs, measured: build/bench/report.md, in 20 minutes; QUICK=1: in one; PROFILE=balanced; MINUTES=3
	$(BIN)/python -m tests.benchmarks.report $(if $(QUICK),--quick) --minutes $(or $(MINUTES),10) \
		--profile $(or $(PROFILE),low_memory)

bench-detector: $(VENV)/.tests ## of that, the detector for ten minutes beside the naive recipe; MINUTES=1, PROFILE=balanced
	$(BIN)/python -m tests.benchmarks.ten_minutes --minutes $(or $(MINUTES),10) --profile $(or $(PROFILE),low_memory)

bench-page: $(VENV)/.tests ## memory of the page while it is used, over ten thousand requests
	$(BIN)/python -m tests.benchmarks.page

profile: $(VENV)/.profile ## flame graphs of the running detector: build/profile/; SECONDS=60, PROFILE=balanced
	$(BIN)/python -m tests.benchmarks.flames --seconds $(or $(SECONDS),60) --profile $(or $(PROFILE),low_memory)

fake-driver-limits: $(VENV)/.tests ## within which angles the face mesh finds the rendered face, and how it reads lids
	$(BIN)/python -m tests.benchmarks.fake_driver_limits

config: setup ## print config/config.yaml and the README's table anew from the declarations
	$(BIN)/python -m config yaml > config/config.yaml.new
	mv config/config.yaml.new config/config.yaml
	{ sed '/^<!-- settings/q' README.md; echo; $(BIN)/python -m config table; echo; sed -n '/^<!-- end of settings/,$$p' README.md; } \
		> README.md.new
	mv README.md.new README.md

lock: $(VENV)/.tests ## resolve the dependencies anew, with every version and hash
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.10 --no-deps --generate-hashes --no-header \
		--only-binary :all: snap/local/requirements.in -o $(LOCK)
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes --no-header \
		--only-binary :all: --constraints $(LOCK) tests/requirements.in -o $(TEST_LOCK)
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes --no-header --only-binary :all: \
		--constraints $(LOCK) --constraints $(TEST_LOCK) tests/benchmarks/profile.in -o $(PROFILE_LOCK)

clean: ## remove what the other targets made, .drivewatch with its events excepted
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.python:
	@for python in "$(PYTHON)" python3.12 python3.11 python3.10 python3; do \
		[ -n "$$python" ] && "$$python" -c \
			'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null || continue; \
		echo "setting up .venv with $$("$$python" --version)"; \
		"$$python" -m venv $(VENV) && touch $@ && exit 0; \
		rm -rf $(VENV); \
		echo "error: $$python cannot make a virtual environment; run:  sudo apt install python3-venv" >&2; exit 1; \
	done; \
	echo "error: no Python 3.10, 3.11 or 3.12 here (mediapipe 0.10.18 has no wheels for others);" >&2; \
	echo "run:  sudo apt install python3 python3-venv   or name one:  make PYTHON=/path/to/python3.11" >&2; exit 1

$(VENV)/.runtime: $(VENV)/.python $(LOCK)
	@echo "installing what drivewatch runs on (about 100 MB to download, once)"
	@$(INSTALL) --no-deps -r $(LOCK)
	@$(LEAN_BYTE_CODE)
	@touch $@

$(VENV)/.tests: $(VENV)/.runtime $(TEST_LOCK)
	@echo "installing what the tests need"
	@$(INSTALL) -r $(TEST_LOCK)
	@touch $@

$(VENV)/.profile: $(VENV)/.tests $(PROFILE_LOCK)
	@echo "installing py-spy and memray"
	@$(INSTALL) -r $(PROFILE_LOCK)
	@touch $@
