# make run [CT=/path]   open a chest CT (a phantom without CT=) in the viewer and analyze it
# make test             all tests that need no 3D Slicer
# make test-slicer      the tests inside the real 3D Slicer (SLICER=/path/to/Slicer)
# make fuzz [COUNT=5000]  damaged inputs by the thousand: none may give a wrong result without a word
# make monkey [COUNT=10000] [SEED=1]  random clicks in the panel: what must hold holds after each
# make bench [CT=/path]  how fast an analysis is, against the plain way (ARGUMENTS="--device cuda" on a GPU)
# make docs             the documentation as a site, into build/site
# make package          the wheel and the archives for Slicer's Extensions Manager, into dist/
# make lint             format, lint and types, as CI checks them
# make format           put the files into the format that lint expects
# make setup            only install what the others need

SHELL := /bin/bash
PYTHON ?=
CT ?=
TESTS ?=
COUNT ?=
SEED ?= 1
ARGUMENTS ?=
VENV := .venv/bin

# Without a screen a virtual one is used.
SCREEN := $(if $(DISPLAY),,xvfb-run --auto-servernum --server-args="-screen 0 1600x1000x24")

.DEFAULT_GOAL := help
.PHONY: help run test test-slicer fuzz monkey bench docs package lint format setup clean

help:
	@sed -n 's/^# make/make/p' Makefile

setup:
	@PYTHON="$(PYTHON)" tools/setup

run: setup
	@$(if $(DISPLAY),,COVIDDETECT_OFFSCREEN=1) $(SCREEN) $(VENV)/python -m Viewer --analyze $(if $(CT),"$(CT)")

# Each of three processes computes with one thread: a test that waits leaves two cores busy. What measures time runs after
# them, by itself.
test: setup
	@$(if $(TESTS),$(SCREEN) $(VENV)/python -m pytest $(TESTS),OMP_NUM_THREADS=1 $(SCREEN) $(VENV)/python -m pytest \
		-m "not alone" -n 3 --dist loadfile --no-loadscope-reorder && $(SCREEN) $(VENV)/python -m pytest -m alone)

test-slicer: setup
	@Testing/slicer/run

fuzz: setup
	@PYTHONPATH=COVIDDetect $(VENV)/python -m Testing.fuzz.run $(or $(COUNT),5000)

monkey: setup
	@MONKEY_COUNT=$(or $(COUNT),10000) MONKEY_SEED=$(SEED) $(SCREEN) $(VENV)/python -m pytest -q \
	    Testing/panel/test_monkey.py -k thousands

bench: setup
	@PYTHONPATH=COVIDDetect $(VENV)/python -m Testing.benchmarks.bench $(if $(CT),"$(CT)") $(ARGUMENTS)

docs: setup .venv/.docs
	@NO_MKDOCS_2_WARNING=1 $(VENV)/mkdocs build --strict

# What only the site needs, and what pyproject.toml pins.
.venv/.docs: pyproject.toml
	@$(VENV)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[docs]"
	@touch $@

package: setup
	@tools/package

lint: setup
	@$(VENV)/ruff format --check .
	@$(VENV)/ruff check .
	@$(VENV)/mypy

format: setup
	@$(VENV)/ruff format .
	@$(VENV)/ruff check --fix .

clean:
	rm -rf build dist *.egg-info .venv .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
