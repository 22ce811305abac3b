.DEFAULT_GOAL := help
SHELL := /bin/bash -o pipefail
GO ?= go

# Tools that are not part of the program, pinned.
GOLANGCI_LINT := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.12.2
GOVULNCHECK := $(GO) run golang.org/x/vuln/cmd/govulncheck@v1.8.0

# Each fuzz target and the package that it is in.
FUZZ := db:FuzzName db:FuzzEmoji handlers:FuzzToken handlers:FuzzNext views/markdown:FuzzRender

.PHONY: run
run: ## Serve on http://localhost:8080, with a fake GitHub to sign in with
	$(GO) run . --demo

.PHONY: dev
dev: ## The same, and reload http://localhost:7331 when a file changes
	$(GO) tool templ generate --watch --proxy=http://localhost:8080 --proxyport=7331 --open-browser=false --cmd="$(GO) run . --demo"

# The race detector watches everything but SQLite, which is one big C program made into Go
# and would be most of the work.
RACE := -race -gcflags=modernc.org/...=-race=false

# Tests in a browser wait more than they work: four at a time suit two processors.
.PHONY: test
test: ## Run the tests
	$(GO) test $(RACE) -shuffle=on -parallel=4 ./...

.PHONY: check
check: fresh lint test pages races model crashes fuzz ## Everything that has to hold before a change lands

.PHONY: fresh
fresh: ## Fail when generated code or go.mod is out of date
	$(GO) tool templ fmt -fail views
	$(GO) tool templ generate
	$(GO) mod tidy -diff
	@git diff --exit-code --stat -- views || { echo "views: run make generate, and commit what it changes"; exit 1; }

.PHONY: lint
lint: ## Run the linters
	$(GO) vet -tags=bench,check ./...
	$(GOLANGCI_LINT) run --allow-parallel-runners

.PHONY: pages
pages: ## Look for barriers (axe) and for hostile text that runs, on every page in a browser
	$(GO) test -tags=check -count=1 -run='BrowserAxe|BrowserXSS' .

.PHONY: races
races: ## Let logins, writes and sign-outs of one guest collide a thousand times
	$(GO) test $(RACE) -count=1 -run=AtOneInstant ./handlers -races=1000

.PHONY: model
model: ## Let people do anything in any order, and compare the site with a model of it
	$(GO) test $(RACE) -count=1 -run=ModelSays ./handlers -steps=2000

.PHONY: crashes
crashes: ## Kill the program in the middle of its work, 200 times
	$(GO) test -count=1 -run=KilledAtAnyMoment . -crashes=200

# A number of runs and no time: when time runs out in the middle of a run, go test may
# report that as a failure.
.PHONY: fuzz
fuzz: ## Run each fuzz target for a moment
	@for target in $(FUZZ); do \
		echo "fuzz $$target"; \
		$(GO) test -run='^$$' -fuzz="^$${target#*:}$$" -fuzztime=$(or $(FUZZ_RUNS),10000x) ./$${target%:*} || exit 1; \
	done

.PHONY: soak
soak: ## The same, for much longer
	$(MAKE) fuzz FUZZ_RUNS=2000000x
	$(GO) test $(RACE) -count=1 -timeout=2h -run=AtOneInstant ./handlers -races=20000
	$(GO) test -count=1 -timeout=2h -run=VisitsLeave ./handlers -visits=1000000
	$(GO) test -count=1 -timeout=2h -run=ModelSays ./handlers -steps=100000
	$(GO) test -count=1 -timeout=2h -run=KilledAtAnyMoment . -crashes=5000

.PHONY: bench
bench: ## Measure against yardsticks in the same run, and print the ratios
	$(GO) test -tags=bench -run='^TestBench$$' -count=1 -v -timeout=30m .

.PHONY: vulncheck
vulncheck: ## Look up known vulnerabilities of what is used (needs the network)
	$(GOVULNCHECK) ./...

.PHONY: build
build: ## Build the binary ./guestpad
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags="-s -w" -o guestpad .

.PHONY: generate
generate: ## Generate Go from the templ files
	$(GO) tool templ fmt views
	$(GO) tool templ generate

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
