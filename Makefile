# Relevo. `make help` lists the targets.
PYTHON ?= python3
BIN := .venv/bin
MEMBERS := shared/contracts shared/templates shared/workflow shared/runtime services/ingest services/engine \
           services/scheduler services/notifier services/control deploy/embedded deploy/sandbox cli clients/python testing
STAMP := .venv/.installed
NAME ?= engine
SERVICE ?= engine
# Tests mostly wait for Kafka and PostgreSQL, so there are more workers than cores.
WORKERS ?= 4
PYTEST = $(BIN)/python -m pytest -n $(WORKERS)
PURE := tests/contracts tests/templates tests/workflow tests/golden tests/architecture tests/docs/test_decisions.py \
        tests/docs/test_paths.py tests/budgets/test_calls.py
GENERATED := tests/contracts/test_schemas.py tests/architecture/test_schema.py tests/architecture/test_running_page.py \
             tests/architecture/test_lock_files.py tests/clients/test_generated.py tests/docs/test_decisions.py tests/docs/test_paths.py

# Python keeps what it has compiled, whatever the surroundings say: without it every start of a process takes twice as long.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup run images up down test check verify clients test-clients test-integrations test-images test-containers chart kubernetes-images kubernetes-test \
        test-alerts test-chaos test-upgrade lint format audit licences bench profile chaos conformance year docs lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-17s %s\n", $$1, $$2}'

setup: $(STAMP) ## Prepare .venv with the relevo command, from the lock files with hashes

$(STAMP): requirements/dev.txt $(wildcard */pyproject.toml */*/pyproject.toml)
	@echo "1/3 a virtual environment in .venv"
	@$(PYTHON) -m venv --clear .venv
	@echo "2/3 $$(grep -c == requirements/dev.txt) packages, checked against their hashes: about a minute"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar off --no-compile --require-hashes \
	  -r requirements/dev.txt
	@echo "3/3 the relevo command and the services, from this folder"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(addprefix -e ,$(MEMBERS))
	@touch $(STAMP)
	@echo "ready: source .venv/bin/activate && relevo --help"

run: $(STAMP) ## Run the demonstration: real Kafka, real PostgreSQL, all services, a sample shop's day
	$(BIN)/relevo demo --speed 3600

images: ## Build the container images (needs Docker): TAG=, PREFIX=, BASE=, PLATFORMS=linux/amd64,linux/arm64
	deploy/images.sh

up: ## Run everything in containers on this machine, with a mail viewer, Prometheus and Grafana (needs Docker)
	REVISION=unknown deploy/images.sh
	deploy/up.sh

down: ## Stop the containers of `make up`; their data stays
	deploy/down.sh

test: $(STAMP) ## Run the tests on one embedded Kafka and PostgreSQL, by WORKERS=4 processes
	$(PYTEST)

check: lint ## Run the lints and the pure tests: what to do before each commit
	$(PYTEST) -q $(PURE)

verify: $(STAMP) .venv-clients/.installed ## Check that what is generated is up to date: documents, contracts, clients, lock files
	$(BIN)/relevo docs --check
	.venv-clients/bin/python clients/generator/generate.py python --check
	$(BIN)/python -m pytest -q $(GENERATED)

test-clients: $(STAMP) ## Test the TypeScript and PHP clients, the forms by axe (needs Node.js with npm, PHP, Chromium)
	$(BIN)/python -m pytest tests/clients/other_languages.py tests/ingest/accessibility.py

clients: $(STAMP) .venv-clients/.installed ## Write the clients of the control API from its document (needs Node.js with npm)
	$(BIN)/relevo docs
	.venv-clients/bin/python clients/generator/generate.py python
	npm ci --silent --prefix clients/control-typescript
	.venv-clients/bin/python clients/generator/generate.py typescript

.venv-clients/.installed: clients/generator/requirements.txt
	$(PYTHON) -m venv --clear .venv-clients
	.venv-clients/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

test-integrations: $(STAMP) ## Test the modules for PrestaShop and Magento, IMAP, PgBouncer (needs PHP with curl, Dovecot, pgbouncer)
	$(BIN)/python -m pytest tests/integrations/modules.py tests/integrations/pgbouncer.py tests/notifier/mail_host.py

test-images: $(STAMP) ## Build the images and run a shop's event through them (needs Docker; deploy/local-images/try.sh starts one)
	$(BIN)/python -m pytest tests/deploy/in_containers.py

test-containers: $(STAMP) ## Run the tests that run on containers, too, and fail where there is no Docker engine
	$(BIN)/python -m pytest -m relevo_containers --relevo-require-containers

test-alerts: $(STAMP) ## Evaluate each alert by promtool, and ask Prometheus for each panel of the dashboards (needs Debian's prometheus)
	$(BIN)/python -m pytest tests/deploy/alert_rules.py tests/deploy/panels.py

chart: $(STAMP) ## Lint and render the Helm chart, and check all that comes out (brings Helm): make chart ARGS="-k pods"
	deploy/tools/check-chart.sh $(ARGS)

kubernetes-images: $(STAMP) ## Build what kubernetes-test runs, and save it (needs Docker): RELEVO_TEST_IMAGES=build/kubernetes-images.tar
	tests/deploy/kubernetes/images.sh

kubernetes-test: $(STAMP) ## Install the chart on a real cluster, made for it (needs root, Kubernetes, Docker or RELEVO_TEST_IMAGES): KUBERNETES_BIN=folder
	tests/deploy/kubernetes/run.sh $(ARGS)

test-chaos: $(STAMP) ## Kill everything under load, overload it, restore it, in the short forms: some ten minutes
	$(BIN)/python -m pytest tests/chaos/under_load.py

test-upgrade: $(STAMP) ## Run the previous release beside this one, under load, on the migrated schema: make test-upgrade BASE=commit
	tests/upgrade/run.sh $(BASE)

audit: $(STAMP) .venv-audit/.installed ## Check licences, known vulnerabilities and that no secret is in the tree
	$(BIN)/python -m pytest -q tests/audit
	$(BIN)/python -m tests.audit.advisories .venv-audit/bin/pip-audit

licences: $(STAMP) ## Write docs/licences.md from what the packages say of themselves
	RELEVO_WRITE_DOCS=1 $(BIN)/python -m pytest -q tests/audit/test_licences.py

.venv-audit/.installed: requirements/audit.txt
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

lint: $(STAMP) ## Run ruff, mypy (strict) and import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

bench: $(STAMP) $(if $(filter relay,$(NAME)),.venv-peers/.installed) ## Run a benchmark: make bench NAME=relay (benchmarks/README.md has all)
	$(BIN)/python -m benchmarks.$(NAME) $(ARGS)

profile: $(STAMP) .venv-peers/.installed ## Record a flame graph under load: make profile SERVICE="engine notifier ingest scheduler"
	$(BIN)/python -m benchmarks.flame --service $(SERVICE) $(ARGS)

.venv-peers/.installed: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

chaos: $(STAMP) ## Kill everything under load and compare three books: make chaos SEED=1 KILLS=200, or ARGS=--overload
	$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(KILLS),--kills $(KILLS)) $(ARGS)

conformance: $(STAMP) ## Read every published sample of Shopify's webhooks (needs Node.js): make conformance ARGS=--write
	$(BIN)/python -m tests.conformance $(ARGS)

year: $(STAMP) ## Live a shop's year on real parts, all flows together: make year ARGS="--days 120 --customers 20"
	$(BIN)/python -m tests.year.real_parts $(ARGS)

docs: $(STAMP) ## Write the generated documents (JSON Schemas, AsyncAPI, settings)
	$(BIN)/relevo docs

lock: ## Write the lock files anew (needs uv on the PATH)
	requirements/lock.sh

clean: ## Remove the virtual environment, caches and the embedded state
	rm -rf .venv .venv-peers .venv-clients .venv-audit .previous-release .profiles .relevo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
