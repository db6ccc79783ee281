# What developers and CI run. Everything that is needed beside Go, Python 3.11,
# Java 17 with Maven and Node 20 with npm is installed into .tools.
#
#   make PYTHON=/path/to/python3.11 …    another Python
#   make TEST='./internal/delta -run X' test
#   make BENCH='-rows 50000 -only wide' bench    a look that writes no docs

.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= $(or $(shell command -v python3.11),python3)
TEST ?= ./...
BENCH ?= -docs docs/benchmarks.md
export PYTHON
export SLUICE_TOOLS ?= $(CURDIR)/.tools

.PHONY: help
help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The version is not set by the linker: go build takes it from the tag or commit,
# and `sluice version` reads it from the build information, so that `go install`
# tells the version, too.
.PHONY: build
build: ## Build bin/sluice, static
	CGO_ENABLED=0 go build -trimpath -buildvcs=auto -ldflags='-s -w' -o bin/sluice ./cmd/sluice

.PHONY: test
test: ## Install what the tests need, then run all of them
	@$(PYTHON) scripts/tools.py python jars node
	@scripts/test $(TEST)

.PHONY: lint
lint: ## gofmt, go vet, golangci-lint
	@$(PYTHON) scripts/tools.py lint
	@scripts/lint

.PHONY: cross
cross: ## Build for linux, darwin and windows, amd64 and arm64
	@scripts/cross

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (20s)
	@scripts/fuzz

.PHONY: soak
soak: ## Run all tests many times in random order, and many more property cases
	@$(PYTHON) scripts/tools.py python jars node
	@scripts/soak

.PHONY: bench
bench: ## Measure Sluice and its peers, and write docs/benchmarks.md
	@$(PYTHON) scripts/tools.py python jars dlt node
	go run ./internal/bench $(BENCH)

.PHONY: tools
tools: ## Install all tools into .tools
	@$(PYTHON) scripts/tools.py python jars node lint

.PHONY: clean
clean: ## Remove what was built; .tools stays, it is slow to install
	rm -rf bin dist .bench
