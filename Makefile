# make demo   boot the demo office, audit it, compare with the list of planted mistakes
# make test   every check: style, types, unit, scenarios, packaging, lab, browser
# make help   all targets
#
# On a fresh Debian 12 or 13, run as root: missing Debian packages are installed first.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.ONESHELL:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .make

APT_BASE := ca-certificates git python3 python3-venv
APT_LAB := iproute2 mmdebstrap nftables openssh-client openssl sshpass sudo systemd-container util-linux
APT_BROWSER := chromium chromium-driver poppler-utils

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export ANSIBLE_HOME ?= $(CURDIR)/.ansible
# The browser driver is the one Debian installs; nothing is downloaded while tests run.
export SE_OFFLINE := true
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/playbooks/collections

.PHONY: help demo test lint types unit slow clean setup

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMPS)/venv ## Install packages and the virtual environment

# $(call apt,stamp name,packages): install what is missing; without root, say what to install.
define apt
	@mkdir -p $(STAMPS)
	missing=()
	for package in $(1); do
		dpkg-query -W -f '$${Status}' "$$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$$package")
	done
	if (( $${#missing[@]} )); then
		if ! command -v apt-get >/dev/null; then
			echo "These Debian packages (or their like) are needed: $${missing[*]}" >&2; exit 1
		elif (( EUID != 0 )); then
			echo "Missing: $${missing[*]}. Run as root: apt-get install $${missing[*]}" >&2; exit 1
		fi
		apt-get -qq update || true
		DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$${missing[@]}" >/dev/null
	fi
	touch $@
endef

$(STAMPS)/apt-base: Makefile
	$(call apt,$(APT_BASE))

$(STAMPS)/apt-lab: Makefile
	$(call apt,$(APT_LAB))

$(STAMPS)/apt-browser: Makefile
	$(call apt,$(APT_BROWSER))

$(STAMPS)/venv: pyproject.toml hatch_build.py $(STAMPS)/apt-base
	@if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
		echo "Grundton needs Python 3.11 or newer on this machine; $(PYTHON) is $$($(PYTHON) -V 2>&1)." >&2
		echo "Use Debian 12 or newer, or name another one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2
		exit 1
	fi
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

demo: $(STAMPS)/venv $(STAMPS)/apt-lab ## Boot the demo office and audit it (DEMO_KEEP=1 leaves it running)
	@$(BIN)/python -m grundton.cli.demo

lint: $(STAMPS)/venv ## Style of Python, YAML and Ansible content
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/yamllint --strict .
	ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/playbooks/collections" PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/ansible-lint --offline -q

types: $(STAMPS)/venv ## Types
	@$(BIN)/mypy
	$(BIN)/mypy -p ansible_collections.grundton.voip.plugins

unit: $(STAMPS)/venv ## Unit and scenario tests
	@$(BIN)/python -m pytest -q -n auto -m "unit or scenario"

slow: $(STAMPS)/venv $(STAMPS)/apt-lab $(STAMPS)/apt-browser ## Packaging, lab and browser tests
	@GRUNDTON_NEED_LAB=1 $(BIN)/python -m pytest -m "packaging or lab or browser"

test: $(STAMPS)/venv $(STAMPS)/apt-lab $(STAMPS)/apt-browser ## Everything
	@$(MAKE) --no-print-directory lint types
	$(MAKE) --no-print-directory unit
	$(MAKE) --no-print-directory slow

clean: ## Remove what the other targets made (the lab's image cache stays)
	@rm -rf $(STAMPS) $(VENV) .ansible .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
