# make        build ./mailtap
# make run    build it, analyse the samples and show what was found
# make test   unit, golden and end-to-end tests
# make ci     everything that must hold before a change lands

GO      := $(or $(shell command -v go),/usr/local/go/bin/go)
PREFIX  ?= /usr/local
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
FUZZ_TIME ?= 5s
BIN     := mailtap
DIST    := dist
# Programs and tests are built alike, so that each package is compiled but once.
export GOFLAGS := $(strip $(GOFLAGS) -trimpath)
# Set where this system has systemd: then its unit is installed too.
SYSTEMD := $(firstword $(wildcard /usr/lib/systemd/system /lib/systemd/system))

.PHONY: all build run test test-large race lint fuzz fuzz-one bench bench-peers e2e ci deps install uninstall deb clean samples

all: build

build: deps
	$(GO) build -ldflags "-X main.version=$(VERSION)" -o $(BIN) ./cmd/mailtap

run: build
	./mailtap analyze --db none samples

test: deps
	$(GO) test ./...

# What is only large is left to test-large, as the race detector slows it tenfold,
# and what runs the program itself to e2e.
race: deps
	$(GO) test -race -short ./...

test-large: deps
	$(GO) test ./alerts/judge ./alerts/store ./capture/reassembly ./cmd/internal/traffic ./cmd/mailtap/internal/engine ./cmd/mailtap/internal/evidence

lint: deps
	@bad=$$($(dir $(GO))gofmt -l cmd capture dissect alerts ui samples); \
	test -z "$$bad" || { echo "not gofmt'ed: $$bad"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

# Every fuzz target, FUZZ_TIME each, two at a time.
fuzz: deps
	@$(GO) list ./... | while read pkg; do $(GO) test -list '^Fuzz' $$pkg | sed -n "s|^Fuzz|PACKAGE=$$pkg TARGET=Fuzz|p"; done | \
		xargs -L 1 -P 2 $(MAKE) --no-print-directory fuzz-one

# Go now and then calls the end of the time itself a failure
# (golang.org/issue/75804): with no failing input it is none.
fuzz-one:
	@out=$$($(GO) test -run '^$$' -fuzz "^$(TARGET)\$$" -fuzztime $(FUZZ_TIME) -parallel 1 -fuzzminimizetime 1x $(PACKAGE) 2>&1) || \
		case "$$out" in \
		*"Failing input"*) echo "$$out"; exit 1;; \
		*"--- FAIL: $(TARGET) "*"    context deadline exceeded"*) out="ok, ended by its deadline";; \
		*) echo "$$out"; exit 1;; \
		esac; \
	echo "$(TARGET): $$(echo "$$out" | tail -n 1)"

bench: deps
	$(GO) test -run '^$$' -bench . -benchmem ./...

# Against whatever other programs are installed; see cmd/mailgen/peers.sh.
bench-peers: build
	cmd/mailgen/peers.sh

# Real servers and clients in network namespaces, a man in the middle, bad
# networks, killed programs: as root, on Debian 12; and all commands, as scripts.
# What cannot be run is skipped.
e2e: build
	MAILTAP_E2E=1 $(GO) test -count=1 -run 'Live|Sensor|KilledAnalysis|Scripts|DatabaseOfAnotherUser|Deb|Install' ./cmd/mailtap ./cmd/mailtap/packaging

# Records the samples anew, with real servers: as root, on Debian 12.
samples:
	samples/make.sh

ci: lint race test-large fuzz build e2e
	./mailtap analyze --db none --quiet samples >/dev/null

install: build
	install -D -m 0755 $(BIN) $(DESTDIR)$(PREFIX)/bin/mailtap
	mkdir -p $(DESTDIR)$(PREFIX)/share/man/man1
	$(abspath $(BIN)) man $(DESTDIR)$(PREFIX)/share/man/man1
	mkdir -p $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(abspath $(BIN)) completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mailtap
	$(abspath $(BIN)) completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_mailtap
	$(abspath $(BIN)) completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/mailtap.fish
ifneq ($(SYSTEMD),)
	install -D -m 0644 cmd/mailtap/packaging/sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/mailtap.conf
	mkdir -p $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|/usr/bin/mailtap|$(PREFIX)/bin/mailtap|' cmd/mailtap/packaging/mailtap@.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/mailtap@.service
endif

# Leaves what mailtap has found, and the user mailtap.
uninstall:
	cd $(DESTDIR)$(PREFIX) && rm -f bin/mailtap share/man/man1/mailtap.1 share/man/man1/mailtap-*.1 \
		share/bash-completion/completions/mailtap share/zsh/site-functions/_mailtap share/fish/vendor_completions.d/mailtap.fish \
		lib/sysusers.d/mailtap.conf lib/systemd/system/mailtap@.service

# A Debian package, in $(DIST).
deb: deps
	GO=$(GO) cmd/mailtap/packaging/deb.sh $(VERSION) $(abspath $(DIST))

clean:
	rm -f $(BIN) $(DIST)/mailtap_*.deb

# The one thing beside Go and a C compiler that the build needs: libpcap with
# its header.
deps:
	@echo '#include <pcap/pcap.h>' | $(or $(CC),cc) -E - >/dev/null 2>&1 || $(MAKE) --no-print-directory install-libpcap

SUDO := $(shell test "$$(id -u)" = 0 || command -v sudo)

.PHONY: install-libpcap
install-libpcap:
	@echo "libpcap's header is missing: installing it"
	@if command -v apt-get >/dev/null; then set -x; $(SUDO) apt-get update -q && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -q -y --no-install-recommends libpcap-dev; \
	elif command -v dnf >/dev/null; then set -x; $(SUDO) dnf install -y libpcap-devel; \
	elif command -v apk >/dev/null; then set -x; $(SUDO) apk add libpcap-dev; \
	elif command -v pacman >/dev/null; then set -x; $(SUDO) pacman -S --noconfirm libpcap; \
	elif command -v zypper >/dev/null; then set -x; $(SUDO) zypper --non-interactive install libpcap-devel; \
	elif command -v brew >/dev/null; then set -x; brew install libpcap; \
	else false; fi || { echo "That did not work. Install the development package of libpcap (libpcap-dev, libpcap-devel) and run make again."; exit 1; }
