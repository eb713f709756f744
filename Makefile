# Finite Means. Every target sets up what it needs: a virtual environment in .venv, from the pins.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed-$(shell cat requirements*.txt constraints.txt | cksum | cut -d' ' -f1)
.DEFAULT_GOAL := help
.PHONY: help run paper test test-all torture check verify figures report bench

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(STAMP) ## the quickstart study with a part of the updates: train, score, figures, in under five minutes
	$(BIN)/python -m experiments.train experiment=quickstart train.budget=0.3 machine.runs_dir=outputs/first

paper: $(STAMP) ## sweep, tables, figures, report: the study size_transfer from nothing, in a quarter of an hour
	$(BIN)/python -m experiments.train experiment=size_transfer
	$(BIN)/python -m experiments.publish study=size_transfer 'runs=*-seed0-*'
	$(BIN)/python -m experiments.severity study=size_transfer
	$(BIN)/python -m experiments.plot study=size_transfer
	$(BIN)/python -m experiments.report

test: check ## style, types and the fast tests
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

test-all: check ## the slow tests as well
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not gpu"

torture: $(STAMP) ## kills, limits, crowds, mutated inputs, foreign folders: a table, in a quarter of an hour
	$(BIN)/python -m tests.torture

check: $(STAMP) ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

verify: $(STAMP) ## files, data and scores of results/ made again: equal, different or not comparable
	$(BIN)/python -m experiments.verify num_cells=1

figures: $(STAMP) ## redraw every figure from the tables under results/
	$(BIN)/python -m experiments.plot

report: $(STAMP) ## report.html: every study, figure and number on one page, to open from disk
	$(BIN)/python -m experiments.report

bench: $(STAMP) ## speed, as ratios to a peer and to the matrix products alone
	$(BIN)/python -m benchmarks.gn_block
	$(BIN)/python -m benchmarks.update
	$(BIN)/python -m benchmarks.device nbody_gpu egnn train.num_instances=600
	$(BIN)/python -m benchmarks.batching
	$(BIN)/python -m benchmarks.generation
	$(BIN)/python -m benchmarks.sr_pairs
	$(BIN)/python -m benchmarks.neuro_sat
	$(BIN)/python -m benchmarks.simulators
	$(BIN)/python -m benchmarks.parallel
	$(BIN)/python -m benchmarks.tracking
	$(BIN)/python -m benchmarks.coverage

RECENT := import sys; sys.exit(sys.version_info < (3, 11))
# The commands work from any folder, and as files from an editor.
FOUND := import os, site; open(site.getsitepackages()[0] + "/finite_means.pth", "w").write(os.getcwd() + "\n")

$(STAMP):
	@$(PYTHON) -c '$(RECENT)' || { echo "PYTHON must be Python 3.11 or later, got $$($(PYTHON) --version 2>&1)" >&2; exit 1; }
	@test ! -d .venv || .venv/bin/python -c '$(RECENT)' || rm -r .venv
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -r requirements-dev.txt -c constraints.txt
	$(BIN)/python -c '$(FOUND)'
	rm -f .venv/installed-* && touch $@
