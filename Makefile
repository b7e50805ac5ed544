# Two commands do everything on a fresh machine: `make run` and `make test`. `make` lists the rest.

VENV := .venv
BIN := $(VENV)/bin
LOCK := snap/local/requirements.lock
TEST_LOCK := tests/requirements.lock
PROFILE_LOCK := tests/benchmarks/profile.lock
MUTANTS_LOCK := tests/mutants/mutants.lock
AUDIT_LOCK := snap/local/audit.lock
CAMERA ?= fake:commute
ARCH ?= amd64
UV := $(BIN)/uv
# Python 3.12, where the system has none that mediapipe 0.10.18 has wheels for
DOWNLOADED := .python
export PYTHONUNBUFFERED := 1
export PORT
# PyPI's wheels by their hashes, and nothing that their metadata would pull in besides
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all:
# Packages whose byte-code loses its docstrings, under the name that Python looks for: 1.5 MB of the detector, 0.6 of the
# page. pytest is not among them: its asserts would go with them
LEAN := $(addprefix $(VENV)/lib/python3*/site-packages/,click cv2 flask google gunicorn jinja2 mediapipe numpy werkzeug \
	yaml)
LEAN_BYTE_CODE = $(BIN)/python -m compileall -q -q -j 0 -o 2 $(LEAN); find $(LEAN) -name '*.opt-2.pyc' \
	-exec sh -c 'for file; do mv "$$file" "$${file%.opt-2.pyc}.pyc"; done' lean {} +

.DEFAULT_GOAL := help
# Every target that `make` lists
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*\#\#.*/\1/p' $(MAKEFILE_LIST))

help: ## print this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

setup: $(VENV)/.runtime ## install what drivewatch runs on into .venv

run: setup ## detector and page on the rendered driver, no hardware needed; CAMERA=/dev/video0, PORT=8081; Ctrl-C ends it
	@echo "drivewatch watches $(CAMERA); Ctrl-C ends it"
	@$(BIN)/python -m app.service.appliance --camera "$(CAMERA)"

test: $(VENV)/.tests ## run the tests, the real face mesh on rendered drivers included
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

test-fast: $(VENV)/.tests ## the tests that need no process, face mesh or browser: in a minute on two cores
	$(BIN)/python -m pytest -q -n auto --dist worksteal --fast $(ARGS)

test-mutants: $(VENV)/.mutants ## changes to the rules of attention that its tests do not notice; ARGS="--only LEARN", 40 minutes without
	$(BIN)/python -m tests.mutants $(ARGS)

test-browser: $(VENV)/.tests ## the page in headless Chromium (sudo apt install chromium chromium-driver)
	$(BIN)/python -m pytest -n 2 --dist loadfile $(filter-out %/__init__.py %/conftest.py %/tab.py,$(wildcard tests/browser/*.py)) $(ARGS)

screenshots: $(VENV)/.tests ## every page and state of the page in four views: build/screenshots/, in five minutes (needs chromium, as above)
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/browser/every_page.py tests/browser/*_states.py

test-snap: $(VENV)/.tests ## the snap in a virtual machine with a real snapd, in half an hour; SHORT=1: what CI tries; as root, on Debian
	$(BIN)/python -m tests.vm.end_to_end $(if $(SHORT),--short)

test-arm64: $(VENV)/.tests ## the arm64 payload under qemu-user; as root, on Debian
	$(BIN)/python -m tests.vm.arm64

test-faults: $(VENV)/.tests $(VENV)/.atheris ## power cuts, clocks, disks, bad input: what it survives, as a table (root tries all); LONG=1 takes an hour
	$(BIN)/python -m tests.faults $(if $(LONG),--long) $(KINDS)

check: $(VENV)/.tests ## lint, types, format, shellcheck, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/shellcheck .ci/run snap/hooks/* snap/local/bin/* tests/tools/*.sh tests/vm/*.sh tests/vm/guest/*.sh
	$(BIN)/python -m pytest -q tests/test_imports.py

rooms: $(VENV)/.tests ## the rooms of the code: what each imports, and the libraries that it loads
	@$(BIN)/python -m tests.rooms

stage: $(VENV)/.sbom ## the snap's payload: DESTDIR=build/stage ARCH=arm64 PYTHON=3.12
	@$(BIN)/python snap/local/stage.py $(or $(DESTDIR),build/stage-$(ARCH)) --arch $(ARCH) $(if $(PYTHON),--python $(PYTHON))

snap: $(VENV)/.runtime $(VENV)/.sbom ## build/drivewatch_VERSION_ARCH.snap for amd64 and arm64 (sudo apt install snapd squashfs-tools)
	@$(BIN)/python snap/local/pack.py $(or $(ARCHES),amd64 arm64) $(if $(PYTHON),--python $(PYTHON))

audit: $(VENV)/.audit ## known vulnerabilities of what is in the snap, by PyPI's data and OSV's; fails if there are some, or says "not tried"
	@$(BIN)/python snap/local/audit.py

bench: $(VENV)/.tests ## what it costs, measured: build/bench/report.md, in 10 minutes; QUICK=1: in one to three; PROFILE=balanced
	$(BIN)/python -m tests.benchmarks.report $(if $(QUICK),--quick) --profile $(or $(PROFILE),low_memory)

bench-rates: $(VENV)/.tests ## CPU and memory at 1 to 10 frames a second and 320 x 240 to 1280 x 720: build/bench/rates.md, in 6 minutes
	$(BIN)/python -m tests.benchmarks.rates

bench-page: $(VENV)/.tests ## memory of the page while it is used, over ten thousand requests
	$(BIN)/python -m tests.benchmarks.page

bench-snap: $(VENV)/.tests ## size of the snaps, start from them, the page with and without byte-code; as root
	$(BIN)/python -m tests.benchmarks.snap

bench-rules: $(VENV)/.tests ## the cases of ADDW, Euro NCAP and DDAW at four rates: how late is the slowest alert? build/bench/rules.md, in 20 minutes
	$(BIN)/python -m tests.benchmarks.rules

bench-squeeze: $(VENV)/.tests ## memory runs short around the detector, with the governor and without (as root, 20 minutes)
	$(BIN)/python -m tests.benchmarks.squeeze

soak: $(VENV)/.tests ## a day of frames as fast as they go, with page, saves and restarts; HOURS=24, 20 minutes
	$(BIN)/python -m tests.soak --hours $(or $(HOURS),24)

evaluate: $(VENV)/.tests ## how well it detects: a few minutes; RUN=judged: the figures of its README; RUN=full: everything; DATA=folder: yours
	$(BIN)/python -m tests.evaluation $(if $(RUN),--$(RUN)) $(if $(DATA),--data "$(DATA)") $(ARGS)

profile: $(VENV)/.profile ## flame graphs of the running detector: build/profile/; SECONDS=60, PROFILE=balanced
	$(BIN)/python -m tests.benchmarks.flames --seconds $(or $(SECONDS),60) --profile $(or $(PROFILE),low_memory)

fake-driver-limits: $(VENV)/.tests ## within which angles the face mesh finds the rendered face, and how it reads lids
	$(BIN)/python -m tests.benchmarks.fake_driver_limits

config: setup ## write config/config.yaml and config/SETTINGS.md from the declarations
	$(BIN)/python -m config yaml > config/config.yaml.new
	mv config/config.yaml.new config/config.yaml
	{ printf 'Written by `make config`; do not edit it.\n\n'; $(BIN)/python -m config table; } > config/SETTINGS.md.new
	mv config/SETTINGS.md.new config/SETTINGS.md

lock: $(VENV)/.tests ## resolve the dependencies anew, with every version and hash
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.10 --no-deps --generate-hashes --no-header \
		--only-binary :all: snap/local/requirements.in -o $(LOCK)
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes --no-header \
		--only-binary :all: --constraints $(LOCK) tests/requirements.in -o $(TEST_LOCK)
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes --no-header --only-binary :all: \
		--constraints $(LOCK) --constraints $(TEST_LOCK) tests/benchmarks/profile.in -o $(PROFILE_LOCK)
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes --no-header --only-binary :all: \
		--constraints $(LOCK) --constraints $(TEST_LOCK) snap/local/sbom.in -o snap/local/sbom.lock
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.10 --no-deps --generate-hashes --no-header \
		--only-binary :all: tests/mutants/mutants.in -o $(MUTANTS_LOCK)
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes --no-header --only-binary :all: \
		--no-emit-package pip --constraints $(LOCK) --constraints $(TEST_LOCK) --constraints snap/local/sbom.lock \
		snap/local/audit.in -o $(AUDIT_LOCK)

clean: ## remove what the other targets made, except .drivewatch with its events and .python, which was downloaded
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Made again when its interpreter is gone, as after an upgrade of the system. PYTHON names it, except for the two goals
# that take PYTHON as the payload's version
$(VENV)/.python: $(shell test -x $(BIN)/python || echo interpreter-is-gone)
	@tests/tools/venv.sh $(VENV) $(DOWNLOADED) "$(if $(filter stage snap,$(MAKECMDGOALS)),,$(PYTHON))"
	@touch $@

.PHONY: interpreter-is-gone

$(VENV)/.runtime: $(VENV)/.python $(LOCK)
	@echo "installing what drivewatch runs on (about 100 MB to download, once)"
	@$(INSTALL) --no-deps -r $(LOCK)
	@$(LEAN_BYTE_CODE)
	@touch $@

$(VENV)/.sbom: $(VENV)/.python snap/local/sbom.lock
	@$(INSTALL) -r snap/local/sbom.lock
	@touch $@

$(VENV)/.tests: $(VENV)/.runtime $(TEST_LOCK)
	@echo "installing what the tests need"
	@$(INSTALL) -r $(TEST_LOCK)
	@touch $@

$(VENV)/.atheris: $(VENV)/.tests tests/faults/atheris.lock
	@$(INSTALL) --no-deps -r tests/faults/atheris.lock
	@touch $@

$(VENV)/.mutants: $(VENV)/.tests $(MUTANTS_LOCK)
	@$(INSTALL) --no-deps -r $(MUTANTS_LOCK)
	@touch $@

$(VENV)/.audit: $(VENV)/.runtime $(AUDIT_LOCK)
	@$(INSTALL) --no-deps -r $(AUDIT_LOCK)
	@touch $@

$(VENV)/.profile: $(VENV)/.tests $(PROFILE_LOCK)
	@echo "installing py-spy and memray"
	@$(INSTALL) -r $(PROFILE_LOCK)
	@touch $@
