# The commands of this project, from its root. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)
PORT ?= 8080
export JOBS PORT

.PHONY: help run build test check bench lint format setup clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

setup: ## install what is missing (Debian 12, root or sudo)
	@scripts/setup

build: setup ## the release binary: build/release/holdfast
	@scripts/build release

run: build ## a server on data/demo with sample patients; PORT=8080; Ctrl-C stops it
	@scripts/run

test: build ## every test, on the release build
	@scripts/test release

check: ## exactly what CI runs: tests, sanitizers, house rules, format
	@.ci/run

bench: build ## every workload at a small size, one JSON line each: build/bench.jsonl
	@scripts/bench

lint: setup ## clang-tidy 19 over every source file; slow
	@scripts/build debug
	@tools/tidy --clang-tidy --no-tests

format: setup ## rewrite the sources as .clang-format says
	@scripts/format

clean: ## remove build/ (data/ stays)
	@rm -rf build
