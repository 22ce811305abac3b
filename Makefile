.DEFAULT_GOAL := help
SHELL := /bin/bash
GO ?= go
CHECK_FUZZ_TIME ?= 10s

.PHONY: run
run: ## Serve on http://localhost:8080, with a fake GitHub to sign in with
	$(GO) run . --demo

.PHONY: dev
dev: ## The same, and reload the browser when a file changes (open http://localhost:7331)
	$(GO) tool templ generate --watch --proxy=http://localhost:8080 --open-browser=false --cmd="$(GO) run . --demo"

.PHONY: test
test: ## Run the tests
	$(GO) test -race -shuffle=on ./...

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
