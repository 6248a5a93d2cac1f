# make help lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
STATICCHECK_VERSION := v0.8.2
DEADCODE_VERSION := v0.52.0
DUPL_VERSION := v1.1.0
GOCYCLO_VERSION := v0.6.0
# Tools are built once, outside the checkout's own files and never into go.mod.
TOOLS := $(CURDIR)/bin/tools

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/airlift: static, reproducible
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/airlift ./cmd/airlift

.PHONY: test
test: ## run all tests, with the race detector, in random order; most wait for processes, so 16 at once
	CGO_ENABLED=1 go test -race -shuffle=on -parallel 16 -timeout 30m ./...

.PHONY: demo
demo: build ## the main job against the sandbox: a cap, a kill -9, a resume; under a minute
	@testdata/demo/demo.sh bin/airlift

.PHONY: torture
torture: build ## the crash rig: ROUNDS=200 rounds of kills, signals and faults, SEED=... for the same ones again
	CGO_ENABLED=0 go build -trimpath -o bin/torture ./cmd/torture
	bin/torture -airlift bin/airlift -rounds $(or $(ROUNDS),200) -seed $(or $(SEED),0)

.PHONY: strays
strays: ## a server that repeats its answers unasked, over ROUNDS (default 500) rounds: one job an item after each
	go test -count=1 -v -timeout 30m -run '^TestStrayAnswersOverRounds$$' ./worker -strayrounds $(or $(ROUNDS),500)

.PHONY: starts
starts: ## two processes on one queue, started together and killed, over ROUNDS (default 500) rounds: one holder, one job an item
	go test -count=1 -v -timeout 60m -run '^TestStartsAndKillsTogether$$' ./cmd/airlift -talkrounds $(or $(ROUNDS),500)

.PHONY: caps
caps: ## 90 days in each of SEEDS (default 1000) worlds with caps that change, others, any reset and wrong clocks; half an hour
	go test -count=1 -v -timeout 4h -run '^TestMonthsUnderCaps$$' ./worker/capstest -seeds $(or $(SEEDS),1000) -days 90

# Systems other than this one for which all packages and tests must compile.
PLATFORMS := windows/amd64 darwin/arm64 linux/386 linux/arm

.PHONY: check
check: $(TOOLS)/staticcheck check-house ## formatting, vet, linter, a tidy go.mod, imports only downward, sizes and the like, other systems
	@unformatted=$$(gofmt -l cmd queue worker manifest ratelimit testdata); \
		if [ -n "$$unformatted" ]; then echo "not gofmt-ed: $$unformatted"; exit 1; fi
	go vet ./...
	$(TOOLS)/staticcheck ./...
	go mod tidy -diff
	cd testdata/bench && go mod tidy -diff && go vet .
	cd testdata/prometheus && go mod tidy -diff && go vet . && go test .
	cd testdata/kubernetes && go mod tidy -diff && go vet . && go test .
	@.ci/imports
	@for platform in $(PLATFORMS); do \
		echo "go vet ./... for $$platform"; CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} go vet ./... || exit 1; \
	done

.PHONY: check-house
check-house: $(TOOLS)/deadcode $(TOOLS)/dupl $(TOOLS)/gocyclo ## sizes, complexity, duplicate blocks, dead code
	@.ci/house

$(TOOLS)/staticcheck:
	CGO_ENABLED=0 GOBIN=$(TOOLS) go install honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK_VERSION)

$(TOOLS)/deadcode:
	CGO_ENABLED=0 GOBIN=$(TOOLS) go install golang.org/x/tools/cmd/deadcode@$(DEADCODE_VERSION)

$(TOOLS)/dupl:
	CGO_ENABLED=0 GOBIN=$(TOOLS) go install github.com/mibk/dupl@$(DUPL_VERSION)

$(TOOLS)/gocyclo:
	CGO_ENABLED=0 GOBIN=$(TOOLS) go install github.com/fzipp/gocyclo/cmd/gocyclo@$(GOCYCLO_VERSION)

.PHONY: calibration
calibration: ## how often the range of a forecast holds the truth, and how wide it is, in SEEDS (default 1000) worlds of each kind
	go test -count=1 -v -timeout 60m -run Calibration ./queue/forecast -seeds $(or $(SEEDS),1000)

.PHONY: powerloss
powerloss: ## open IMAGES (default 1000) images of a power loss; by hand 20000. Needs strace
	go test -count=1 -v -timeout 60m ./queue/bolt/powerloss -images $(or $(IMAGES),1000)

.PHONY: diskfaults
diskfaults: ## let the disk fail at FAULTS (default 500) points of runs. Needs strace
	go test -count=1 -v -timeout 60m -run '^TestDiskFaults$$' ./cmd/airlift -diskfaults $(or $(FAULTS),500)

.PHONY: clocksteps
clocksteps: ## step the wall clock of a running airlift by an hour, and let it run over three midnights (builds it over changed clocks of Go)
	go test -count=1 -v -timeout 10m -run '^(TestTheWallClockIsStepped|TestThreeMidnightsWithTwoAccounts)$$' ./cmd/airlift -clocksteps

VERSITYGW_VERSION := v1.8.0
$(TOOLS)/versitygw:
	CGO_ENABLED=0 GOBIN=$(TOOLS) go install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW_VERSION)

.PHONY: realservers
realservers: $(TOOLS)/versitygw ## scan a Ceph RGW and a versitygw, and print the speed. Needs Debian's radosgw and ceph-{mon,osd,mgr,common}
	AIRLIFT_REAL_S3=1 go test -count=1 -v -timeout 10m -run '^TestReal' ./cmd/airlift

.PHONY: fuzz
fuzz: ## fuzz every target for FUZZTIME (default 30s, or a count like 100000x) each
	@set -e; for pkg in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(or $(FUZZTIME),30s) -fuzzminimizetime 100x $$pkg; \
		done; done

# The peers are a module of their own; SQLite needs a C compiler, and River a PostgreSQL, without which it is left out.
bin/bench: build
	cd testdata/bench && CGO_ENABLED=1 go build -mod=mod -o ../../bin/bench .
.PHONY: bin/bench

.PHONY: bench
bench: bin/bench ## airlift beside its peers, at full size, in 10 to 20 minutes; RUN=REGEX selects, BEFORE=BINARY is an earlier one
	bin/bench -run '$(or $(RUN),.)' -before '$(BEFORE)' -json bin/bench.json -svg testdata/bench/growth.svg

.PHONY: bench-quick
bench-quick: bin/bench ## the same at a tenth of the size, in about 3 minutes
	bin/bench -quick -run '$(or $(RUN),.)'

.PHONY: autorate
autorate: ## --rate auto beside the best fixed rate on six models of a server, thousands of requests of each in fake time
	go test -count=1 -v -timeout 60m -run '^TestAutoRateAgainstTheBestFixedRate$$' ./worker -autotable

.PHONY: clean
clean: ## remove what was built
	rm -rf bin
