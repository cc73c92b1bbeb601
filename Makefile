# setup   makes .venv from requirements.lock           run    starts everything and shows it (ARGS=--exit stops afterwards)
# test    all that CI runs, on the real engines         check  lint, types, layers, Rego
# bench   measurements (ARGS="NAME --json")
.PHONY: help setup run test check bench engines browser
.DEFAULT_GOAL := help
SHELL := /bin/bash
# Each process of a line would else compile all of the project again.
export PYTHONDONTWRITEBYTECODE :=
VENV  := .venv
BIN   := $(VENV)/bin
STAMP := $(VENV)/.installed
# Where ARGS name some tests, they may all be of the other kind.
OR_NONE = $(if $(ARGS),|| [ $$? -eq 5 ])
# One line while the registry is silent: pip itself would only wait.
define INSTALL
free=$$(df -Pk . | awk 'NR==2 {print int($$4/1024)}'); \
if [ $$free -lt 1500 ]; then echo "Only $$free MB are free here, and .venv needs 1500 MB: make room and repeat."; exit 1; fi; \
echo "Installing Python packages into $(VENV): about 170 MB to download, 550 MB on disk, one minute."; \
mkdir -p $(VENV)/tmp; \
TMPDIR=$$PWD/$(VENV)/tmp $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock & pid=$$!; \
trap 'kill $$pid 2>/dev/null' INT TERM; was=0; quiet=0; \
while kill -0 $$pid 2>/dev/null; do \
  sleep 1; now=$$(du -s $(VENV) 2>/dev/null | cut -f1); \
  if [ "$$now" = "$$was" ]; then quiet=$$((quiet+1)); else quiet=0; was=$$now; fi; \
  if [ $$quiet -eq 30 ]; then echo "pip: nothing new for 30 s. Is the package registry reachable? Still waiting."; fi; \
  if [ -t 1 ]; then printf '\r  %s MB ' $$((now/1024)); fi; \
done; wait $$pid; code=$$?; rm -rf $(VENV)/tmp; if [ -t 1 ]; then printf '\r'; fi; exit $$code
endef

help:
	@sed -n '1,3p' Makefile

setup: $(STAMP)

$(BIN)/python:
	@for python in python3.11 python3; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then \
	    $$python -m venv $(VENV) && exit 0; rm -rf $(VENV); \
	    echo "$$python has no venv with pip. On Debian: apt-get install python3.11-venv"; exit 1; \
	  fi; \
	done; echo "Python 3.11 is not on the PATH (as python3.11 or python3)."; exit 1

$(STAMP): requirements.lock pyproject.toml | $(BIN)/python
	@$(INSTALL)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: setup
	@$(BIN)/databus up $(ARGS)

engines: setup
	@$(BIN)/python -m databus.local.provision >/dev/null

check: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/databus schemas check
	@opa=$$($(BIN)/python -m databus.local.provision) && set -x && \
	$$opa fmt --fail --list policies && $$opa check --strict --schema policies/schemas policies && \
	$$opa test --bundle policies --fail-on-empty && $$opa test --bundle policies --coverage --threshold 100 >/dev/null

browser:
	@if [ -x /usr/bin/chromium ]; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium and a Chinese font: 126 MB to download, 420 MB on disk, one minute."; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-wqy-microhei >/dev/null \
	  || echo "Chromium could not be installed: the browser tests will be skipped, or fail where CI is set."; \
	else echo "The browser tests need Chromium and a Chinese font: on Debian, as root: apt-get install chromium fonts-wqy-microhei"; fi

test: setup browser check
	$(BIN)/pytest -m "not live" -n logical --maxprocesses 4 $(ARGS) $(OR_NONE)
	$(BIN)/pytest -m live $(ARGS) $(OR_NONE)

bench: setup
	@$(BIN)/databus bench $(ARGS)
