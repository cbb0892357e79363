# make        build ./mailtap
# make run    build it, analyse the samples and show what was found
# make test   unit, golden and end-to-end tests
# make ci     everything that must hold before a change lands

GO      := $(or $(shell command -v go),/usr/local/go/bin/go)
PREFIX  ?= /usr/local
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo development)
FUZZ_TIME ?= 5s

.PHONY: all build run test race lint fuzz bench bench-peers e2e ci deps install clean samples

all: build

build: deps
	$(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o mailtap ./cmd/mailtap

run: build
	./mailtap analyze --db none samples

test: deps
	$(GO) test ./...

race: deps
	$(GO) test -race ./...

lint: deps
	@bad=$$($(dir $(GO))gofmt -l cmd capture dissect alerts ui samples); \
	test -z "$$bad" || { echo "not gofmt'ed: $$bad"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

# Every fuzz target, FUZZ_TIME each. Go now and then calls the end of that time
# itself a failure (golang.org/issue/75804): with no failing input it is none.
fuzz: deps
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; \
			out=$$($(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZ_TIME) -fuzzminimizetime 1x $$pkg 2>&1) || \
				case "$$out" in \
				*"Failing input"*) echo "$$out"; exit 1;; \
				*"--- FAIL: $$target "*"    context deadline exceeded"*) ;; \
				*) echo "$$out"; exit 1;; \
				esac; \
			echo "$$out" | tail -n 1; \
		done; \
	done

bench: deps
	$(GO) test -run '^$$' -bench . -benchmem ./...

# Against whatever other programs are installed; see cmd/mailgen/peers.sh.
bench-peers: build
	cmd/mailgen/peers.sh

# Real servers and clients in network namespaces: as root, on Debian 12.
e2e: build
	MAILTAP_E2E=1 $(GO) test -count=1 -run Live ./cmd/mailtap

# Records the samples anew, with real servers: as root, on Debian 12.
samples:
	samples/make.sh

ci: lint race fuzz build
	./mailtap analyze --db none --quiet samples >/dev/null

install: build
	install -D -m 0755 mailtap $(DESTDIR)$(PREFIX)/bin/mailtap
	mkdir -p $(DESTDIR)$(PREFIX)/share/man/man1
	./mailtap man $(DESTDIR)$(PREFIX)/share/man/man1
	mkdir -p $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	./mailtap completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mailtap
	./mailtap completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_mailtap
	./mailtap completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/mailtap.fish

clean:
	rm -f mailtap

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
