# make run    the demo, from nothing: http://localhost:8080
# make test   everything that must hold, as continuous integration runs it
# README.md says more.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN := bin
LINT := $(BIN)/golangci-lint
AXE := tools/node_modules/axe-core/axe.min.js
FUZZTIME ?= 10s
BENCHTIME ?= 3s
# For make bench, such as -n 1000000; bin/bench -help lists them.
BENCHFLAGS ?=

# The same for whatever is compiled, so that nothing is compiled twice: without
# C, without this folder's name in it, and without a version, which a clone that
# belongs to another user cannot read.
export CGO_ENABLED := 0
export GOFLAGS := $(strip $(GOFLAGS) -trimpath -buildvcs=false)

.PHONY: help run build test check lint vulns bench microbench fuzz secrets count clean distclean

help: ## what there is
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## the demo with its own PostgreSQL, certificates and goods
	@tools/need postgresql || echo "Going on: the portal fetches PostgreSQL itself where the internet allows."
	@exec $(BIN)/portal demo

build: ## bin/portal
	@go build -o $(BIN)/portal ./cmd/portal

test: $(AXE) check ## everything: rules, lint, tests on real PostgreSQL and in a real browser
	@tools/need postgresql chromium openssl certutil softhsm2-util pkcs11-engine
	@# The journeys take longest, so they begin first and the others run beside them.
	@# check has vetted all of it already.
	go test -vet=off -timeout 40m ./journeys ./...

check: lint ## the quick part: go vet, lint, rules of the house, fresh pages
	go vet ./...
	go test -count=1 .

lint: $(LINT)
	$(LINT) run ./...

$(LINT): tools/go.mod tools/go.sum
	go build -C tools -o ../$(BIN)/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

# axe-core checks pages for accessibility in the browser tests.
$(AXE): tools/package-lock.json
	@tools/need npm
	cd tools && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

bench: build ## the portal against what this machine can do at most, side by side
	@tools/need postgresql
	@go build -o $(BIN)/bench ./bench
	@$(BIN)/bench -portal $(BIN)/portal $(BENCHFLAGS)

microbench: ## benchmarks of single packages
	@tools/need postgresql
	go test -run '^$$' -bench . -benchtime $(BENCHTIME) ./...

fuzz: ## every fuzz target for FUZZTIME (default 10s)
	@for package in $$(go list ./...); do \
	  for target in $$(go test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package"; \
	  done; \
	done

vulns: ## known vulnerabilities (needs the internet)
	go run golang.org/x/vuln/cmd/govulncheck@latest ./...

secrets: ## passwords and keys for compose.yaml, in secrets/
	@deploy/secrets

count: ## lines of the program, and of what tests and measures it
	@git ls-files '*.go' '*.templ' '*.txtar' | grep -v _templ.go | xargs awk ' \
	  FILENAME ~ /_test\.go$$|\.txtar$$/ {t++; next} \
	  FILENAME ~ /^(bench|journeys|db\/dbtest)\// {m++; next} {c++} \
	  END {printf "program %d  tests %d  benchmarks and test support %d  tests and support : program %.2f\n", c, t, m, (t+m)/c}'

clean: ## built programs and what tests left
	rm -rf $(BIN) dist tools/node_modules
	rm -rf "$${TMPDIR:-/tmp}/portal-dbtest-$$(id -u)" "/dev/shm/portal-dbtest-$$(id -u)"

distclean: clean ## and the demo's data
	rm -rf .portal
