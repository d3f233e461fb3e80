# The commands of this repository. `make help` lists them.

PYTHON ?= python3
LOCAL = PYTHONPATH=local $(PYTHON) -m hooklane_local

export IAM FUNCTION_AWS_ENDPOINT HOOKLANE_PORT HOOKLANE_API_PORT HOOKLANE_LOG_LEVEL HOOKLANE_NO_SKIPS
export HOOKLANE_CARGO_PROFILE SEED SEARCH_SECONDS ONLY PARALLEL WEBHOOKS SAMPLE RUNS MOST ANSWER_MS

.DEFAULT_GOAL := help
.PHONY: help setup up portal pictures down demo test e2e faults seeds limits costs long redrive built release smoke upgrades simulation bench bench-quick bench-growth bench-releases bench-fanout cost-page check audit pins openapi deployer-policy contract clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  IAM=1                      let the emulator enforce the functions' IAM roles (default: 1 for test and e2e, else 0)"
	@echo "  FUNCTION_AWS_ENDPOINT=URL  let the functions call AWS at URL (default: the emulator)"
	@echo "  HOOKLANE_PORT=PORT         use another port for the emulator (default: up 4566, test 4567, demo 4568, faults 4569, smoke 4570, upgrades 4571)"
	@echo "  HOOKLANE_API_PORT=PORT     use another port for the API (default: HOOKLANE_PORT + 100, so up 4666)"
	@echo "  HOOKLANE_LOG_LEVEL=LEVEL   log level of the functions (default: info)"
	@echo "  HOOKLANE_NO_SKIPS=1        fail if a test is skipped, as .ci/run does (default: list skipped tests)"

setup: ## install the pinned tools into .venv
	@$(LOCAL) setup --check-tools

up: ## start a local stack with sample data and keep it running, or redeploy to the running one (SAMPLE=0: without data)
	@$(LOCAL) up

portal: ## print a fresh link to the portal of the stack that `make up` started (TENANT=acme, or OPERATOR=1)
	@$(LOCAL) portal $(if $(TENANT),--tenant "$(TENANT)") $(if $(OPERATOR),--operator)

pictures: ## take the pictures in docs/pictures, of a temporary stack with sample data
	@$(LOCAL) pictures

down: ## stop the local stack that `make up` started
	@$(LOCAL) down

demo: ## publish events to a temporary local stack, and show and check their deliveries
	@$(LOCAL) demo

test: ## run every test: unit, property, snapshot, conformance, end-to-end
	@$(LOCAL) test $(if $(PYTEST),-- $(PYTEST))

e2e: ## run only the tests that need a stack (PYTEST="-k retry" selects some)
	@$(LOCAL) test --only-end-to-end $(if $(PYTEST),-- $(PYTEST))

faults: ## deliver 2,000 events while everything fails, and check that none is lost
	@$(LOCAL) faults $(if $(PYTEST),-- $(PYTEST))

seeds: ## hold the API against its OpenAPI document with other seeds (SEEDS="1 2"), eight minutes each
	@$(LOCAL) seeds $(SEEDS)

limits: ## give the functions hostile inputs under Lambda's limits (RELEASE=1, SEED, SEARCH_SECONDS, ONLY, BIN)
	@$(LOCAL) limits $(if $(RELEASE),--release) $(if $(BIN),--binaries "$(BIN)") $(if $(STAND_INS),--stand-ins)

bench: ## measure what a delivery takes, and what it costs (COMPARE=REVISION, WRITE=1, BIN=FOLDER, ONLY="1x10", RUNS=5)
	@$(LOCAL) bench $(if $(COMPARE),--compare "$(COMPARE)") $(if $(BIN),--binaries "$(BIN)") $(if $(WRITE),--write)

bench-quick: ## measure a few cases once, and hold their requests and units against bounds (BIN=FOLDER)
	@$(LOCAL) bench --quick $(if $(BIN),--binaries "$(BIN)")

bench-growth: ## measure how the cost of a delivery grows (WRITE=1, BIN=FOLDER, ONLY=tenants, MOST=1000)
	@$(LOCAL) bench --growth $(if $(BIN),--binaries "$(BIN)") $(if $(WRITE),--write)

bench-releases: ## measure what a run of upkeep releases (BIN=FOLDER, ONLY=1000x, MOST=2000, ANSWER_MS=5)
	@$(LOCAL) bench --releases $(if $(BIN),--binaries "$(BIN)")

bench-fanout: ## measure an invocation of fanout by batch, memory, and webhooks of an event (BIN=FOLDER, MOST=1000)
	@$(LOCAL) bench --fanout $(if $(BIN),--binaries "$(BIN)")

costs: ## what pages and figures ask of the tables, and what figures cost of a delivery's price
	@$(LOCAL) costs

long: ## what takes long, before a release: generated clients, the deployed build under limits, upgrades
	@$(LOCAL) clients
	@$(LOCAL) limits --release
	@$(LOCAL) upgrades

redrive: ## send dead letters again (SOURCE, MATCH, DRY=1, SCAN=1; STACK=name on AWS)
	@$(LOCAL) redrive $(if $(SOURCE),--source "$(SOURCE)") $(if $(MATCH),--match "$(MATCH)") \
	  $(if $(DRY),--dry) $(if $(SCAN),--scan) $(if $(STACK),--stack "$(STACK)")

built: ## check before `sam deploy` that the build is for the deployed processor (ARCHITECTURE=arm64)
	@$(LOCAL) built $(if $(ARCHITECTURE),--architecture "$(ARCHITECTURE)")

release: ## make what a release holds, in dist (ARCHITECTURES="x86_64 arm64": fail without one; BINARIES="x86_64=FOLDER"; INTO=FOLDER)
	@$(LOCAL) release $(foreach one,$(ARCHITECTURES),--architecture "$(one)") $(foreach one,$(BINARIES),--binaries "$(one)") $(if $(INTO),--into "$(INTO)")

smoke: ## install the files of a release on this machine, and try each function (FROM=dist/hooklane-0.2.0, or its archive)
	@$(LOCAL) smoke "$(FROM)"

upgrades: ## upgrade earlier versions to this one, and back, with deliveries that wait (compiles each version: long)
	@$(LOCAL) upgrades $(if $(PYTEST),-- $(PYTEST))

simulation: ## simulate a day with a dead receiver: the figures and the plot of docs/isolation.md
	@cargo run --release --locked --package hooklane-simulation --example isolation docs/isolation.svg

check: ## check formatting, lints, docs, dependencies, workflows, template and import circles
	@$(LOCAL) check

audit: ## ask the databases of vulnerabilities about everything that is pinned (needs the network)
	@$(LOCAL) audit

pins: ## resolve local/requirements-*.in into exact pins with hashes (UPGRADE=1: newest versions)
	@$(LOCAL) pins $(if $(UPGRADE),--upgrade)

openapi: ## generate docs/openapi.json from the code
	cargo run --locked --quiet --package hooklane-api --example openapi > docs/openapi.json

cost-page: ## generate docs/cost.md from the stored figures and the price table
	@PYTHONPATH=local .venv/emulator/bin/python -m hooklane_local.bench.page

deployer-policy: ## generate docs/examples/deployer-policy.json from the template
	@PYTHONPATH=local .venv/emulator/bin/python -m hooklane_local.deployer_policy

contract: ## show a sample request of a contract (FILE=contracts/x.toml), or the mistake in the file
	@cargo run --locked --quiet --package hooklane-contract --example wire -- $(FILE)

clean: down ## remove everything that was built or installed
	rm -rf target dist .aws-sam .local .venv tests/verifiers/node_modules tests/clients/node_modules
