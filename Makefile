# The commands of this project, from its root. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)
PORT ?= 8080
SECONDS_EACH ?= 60
export JOBS PORT

.PHONY: help run build test check bench fuzz lint format setup clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

setup: ## install what is missing (Debian 12, root or sudo)
	@scripts/setup

build: setup ## the release binary: build/release/holdfast
	@scripts/build release

run: build ## a server on data/demo with sample patients and a simulated day; PORT=8080; DAY=0; Ctrl-C stops it
	@scripts/run

test: build ## every test, on the release build
	@scripts/test release

check: ## exactly what CI runs: tests, sanitizers, house rules, format
	@.ci/run

bench: build ## every workload at a small size, one JSON line each: build/bench.jsonl
	@scripts/bench

fuzz: setup ## fuzzes every target, SECONDS_EACH=60 s each, proves that faults are found, shows coverage
	@for target in json xml path patch validation hl7v2 http record entry journal; do fuzz/run "$$target" "$(SECONDS_EACH)"; done
	@fuzz/run --planted
	@fuzz/run --coverage

lint: setup ## clang-tidy 19 over every source file; slow
	@scripts/build debug
	@tools/tidy --clang-tidy --no-tests

format: setup ## rewrite the sources as .clang-format says
	@scripts/format

clean: ## remove build/ (data/ stays)
	@rm -rf build
