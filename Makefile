# The one door. `make` alone lists what is behind it.

DATA   ?= ./data
LISTEN ?=

TARGET := $(or $(CARGO_TARGET_DIR),target)

.DEFAULT_GOAL := help
.PHONY: help run web test check bench prove prove-mutants

help: ## List the targets.
	@echo "Tidings. Targets:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null \
	  || sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1: \2/p' Makefile

run: ## Build what is needed and serve (DATA=./data, LISTEN=0.0.0.0:8080 for your network). Prints how to get in.
	@scripts/prepare build
	@scripts/web build || [ $$? = 77 ]
	cargo build --release --locked -p cli
	@exec $(TARGET)/release/tidings serve --data $(DATA) $(if $(LISTEN),--listen $(LISTEN))

web: ## Build the web app, which `make run` puts into the binary (Node; brings its own if there is none).
	@scripts/web build

test: ## Everything: format, lints, all tests, WebSocket conformance. Installs what it needs and says so.
	@scripts/test all

check: ## Before each commit: format, lints, fast tests.
	@scripts/test fast

prove: ## The whole proof: 10,000 simulated runs, 1,000 kills, 200 power cuts, every disaster, every mutant (hours).
	@scripts/prove full

prove-mutants: ## Plant each known fault and show that the checker catches it (minutes).
	@scripts/prove mutants

bench: ## Measure (the tables of docs/bench/).
	@if [ -x scripts/bench ]; then scripts/prepare build && scripts/bench; else echo "There is no benchmark yet."; fi
