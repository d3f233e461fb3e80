# The commands of this repository. `make help` lists them.

PYTHON ?= python3
LOCAL = PYTHONPATH=local $(PYTHON) -m hooklane_local

export IAM FUNCTION_AWS_ENDPOINT HOOKLANE_PORT HOOKLANE_LOG_LEVEL

.DEFAULT_GOAL := help
.PHONY: help setup up down demo test e2e faults redrive simulation check openapi contract clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  IAM=1                      make the emulator enforce the functions' roles (the tests do; IAM=0 does not)"
	@echo "  FUNCTION_AWS_ENDPOINT=URL  let the functions reach AWS through URL"
	@echo "  HOOKLANE_PORT=PORT         use another port (up 4566, test 4567, demo 4568, faults 4569)"
	@echo "  HOOKLANE_LOG_LEVEL=LEVEL   log level of the functions (info)"

setup: ## install the pinned tools into .venv
	@$(LOCAL) setup --cargo-tools

up: ## start a local stack and keep it, or deploy again to the one that runs
	@$(LOCAL) up

down: ## stop it
	@$(LOCAL) down

demo: ## show and check the whole way of an event, on this machine alone
	@$(LOCAL) demo

test: ## run every test: unit, property, snapshot, conformance, end-to-end
	@$(LOCAL) test $(if $(PYTEST),-- $(PYTEST))

e2e: ## run only what needs a stack (PYTEST="-k retry" chooses)
	@$(LOCAL) test --only-end-to-end $(if $(PYTEST),-- $(PYTEST))

faults: ## break everything while 2,000 events are delivered, and count that nothing is lost
	@$(LOCAL) faults $(if $(PYTEST),-- $(PYTEST))

redrive: ## put dead letters back on their way (SOURCE, MATCH, DRY=1, SCAN=1; STACK=name on AWS)
	@$(LOCAL) redrive $(if $(SOURCE),--source "$(SOURCE)") $(if $(MATCH),--match "$(MATCH)") \
	  $(if $(DRY),--dry) $(if $(SCAN),--scan) $(if $(STACK),--stack "$(STACK)")

simulation: ## a day beside a dead receiver, in virtual time: the figures of docs/isolation.md and their plot
	@cargo run --release --locked --package hooklane-simulation --example isolation docs/isolation.svg

check: ## formatting, lints, documentation, dependencies, template
	@$(LOCAL) check

openapi: ## write docs/openapi.json anew from the code
	cargo run --quiet --package hooklane-api --example openapi > docs/openapi.json

contract: ## show a contract on the wire (FILE=contracts/x.toml), or its mistake
	@cargo run --quiet --package hooklane-contract --example wire -- $(FILE)

clean: down ## remove what was built and installed
	rm -rf target .aws-sam .local .venv tests/verifiers/node_modules
