# make check test bench demo: see README.md
SHELL := /bin/bash
.DEFAULT_GOAL := help

NODE := PATH=$(CURDIR)/.tools/node/bin:$$PATH PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1

.PHONY: help build dashboard openapi test-dashboard bench-dashboard dist packages packages-arm64 packages-test proof-programs check test fuzz-api proof proof-deployments proof-instances proof-processes cluster test-kubernetes bench bench-air bench-busy-host bench-gnuradio bench-instances bench-live bench-load bench-stops bench-transactions bench-trigger demo prerequisites tools check-tools

# Features of the runner in `make dist`, beside the default ones: make dist RUNNER_FEATURES=soapy,freedv. Packages have
# these two unless others are given; RUNNER_FEATURES= gives none. The server checks what runners send, so that it has
# freedv if they have.
comma := ,
FEATURES = $(subst $(comma), ,$(RUNNER_FEATURES))
DIST_FEATURES = $(addprefix --features challengectl-runner/,$(FEATURES)) $(addprefix --features challengectl-server/,$(filter freedv,$(FEATURES)))
PACKAGE_FEATURES = $(if $(filter undefined,$(origin RUNNER_FEATURES)),soapy$(comma)freedv,$(RUNNER_FEATURES))

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

build: prerequisites dashboard ## both programs, optimised, in target/release, with the dashboard
	cargo build --release --locked -p challengectl-server -p challengectl-runner

# Built anew only when one of its files is newer than what was built.
dashboard: server/dashboard/dist/index.html ## the dashboard, which becomes part of the server

DASHBOARD := $(shell find server/dashboard/src server/dashboard/public server/dashboard/scripts server/dashboard/*.json server/dashboard/*.ts server/dashboard/index.html air/src/browser/page -type f -not -name '*.gen.d.ts' 2>/dev/null)
server/dashboard/dist/index.html: $(DASHBOARD)
	scripts/tools.sh nodejs
	cd server/dashboard && $(NODE) npm run --silent build

openapi: ## writes the description of the API anew, of which the dashboard's types are made
	cargo run --locked --quiet -p challengectl-server -- openapi > server/dashboard/openapi.json.new
	mv server/dashboard/openapi.json.new server/dashboard/openapi.json

dist: prerequisites dashboard ## both programs as they are shipped, with link-time optimisation and without symbols, in target/dist
	cargo build --profile dist --locked -p challengectl-server -p challengectl-runner $(DIST_FEATURES)

packages: ## Debian packages of both programs, in target/packages
	$(if $(PACKAGE_FEATURES),scripts/tools.sh libraries)
	$(MAKE) dist RUNNER_FEATURES=$(PACKAGE_FEATURES)
	scripts/packages.sh target/dist

# Programs of this machine make the man pages. Features need their libraries for arm64, so that there are none by default.
packages-arm64: dist ## the same for arm64, by cross-compiling
	CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
		cargo build --profile dist --locked --target aarch64-unknown-linux-gnu -p challengectl-server -p challengectl-runner $(DIST_FEATURES)
	DEB_ARCH=arm64 NATIVE=target/dist scripts/packages.sh target/aarch64-unknown-linux-gnu/dist

packages-test: packages ## installs the packages in a clean Debian, tries them, and removes them again; as root
	scripts/tools.sh debootstrap
	scripts/packages-test.sh

# The benchmarks and the slow proofs measure what is shipped: programs of the profile `dist`. `bench` has a profile of
# its own with the same link-time optimisation.
proof-programs: dist
	cargo build --profile dist --locked -p challengectl-e2e

check: check-tools ## format, lints, licences, unused dependencies, order of the rooms, documentation, the dashboard
	cargo fmt --all -- --check
	# Modules that a macro declares, which `cargo fmt` does not find.
	rustfmt --edition 2024 --check $(wildcard runner/src/radio/*.rs runner/src/radio/*/*.rs waveform/src/modulation/*.rs)
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy -p challengectl-runner --features soapy --all-targets --locked -- -D warnings
	cargo deny --all-features check licenses bans sources
	cargo machete
	cargo test -p challengectl-e2e --locked --test rooms
	cd server/dashboard && $(NODE) npm run --silent check
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked --features challengectl-runner/soapy

# The tests have libcodec2; `make build` does not need it.
FREEDV := challengectl-codec2/system,challengectl-server/freedv,challengectl-runner/freedv,challengectl-e2e/freedv

# What the dashboard computes; then Chromium drives it, on the programs in target/debug.
define browse
scripts/tools.sh nodejs browser receivers
cd server/dashboard && $(NODE) npm run --silent unit && $(NODE) npm run --silent e2e -- --grep-invert @slow
endef

test: tools dashboard ## all tests, with independent receivers and in a browser
	cargo nextest run --workspace --locked --features $(FREEDV)
	cargo nextest run -p challengectl-runner --features soapy --locked -E 'test(soapy)'
	cargo test --doc --workspace --locked
	$(browse)

CLUSTER_PROGRAMS ?= /opt/ctf-k8s
CLUSTER ?= /var/tmp/challengectl-cluster

cluster: $(CLUSTER_PROGRAMS)/kubelet ## the programs of a cluster of Kubernetes, for the next target: 10 minutes of a processor

$(CLUSTER_PROGRAMS)/kubelet:
	scripts/tools.sh kubernetes
	scripts/cluster-build.sh $(CLUSTER_PROGRAMS)

# Not a part of `make test`, because of these 10 minutes. The tests of the runner are in the cluster's network.
CLUSTER_TESTS := -p challengectl-e2e -p challengectl-runner --locked --run-ignored only
test-kubernetes: cluster ## instances and deployments in a real cluster, which is started for it and ended; as root
	scripts/tools.sh kubernetes documentation nextest
	cargo build --locked -p challengectl-server -p challengectl-runner
	cargo nextest run $(CLUSTER_TESTS) --no-run
	trap 'scripts/cluster.sh down $(CLUSTER)' EXIT; \
	scripts/cluster.sh up $(CLUSTER) && \
	CLUSTER=$(CLUSTER) cargo nextest run $(CLUSTER_TESTS) -E 'binary(/^kubernetes/)' && \
	scripts/cluster.sh enter $(CLUSTER) env --chdir=$(CURDIR) CLUSTER=$(CLUSTER) $$(command -v cargo) \
		nextest run --offline $(CLUSTER_TESTS) -E 'package(challengectl-runner) & test(kubernetes)'

test-dashboard: dashboard ## what the dashboard computes, and the dashboard in a browser; pictures in server/dashboard/out
	cargo build --locked -p challengectl-server -p challengectl-runner
	$(browse)

fuzz-api: tools ## many more requests to the API than make test, with answers checked against its description
	API_EXAMPLES=300 cargo test -p challengectl-server --locked --test api fuzzing -- --test-threads 2

proof: tools proof-programs ## the slow proofs: 200 faults of network, processes and clocks, rounds of a whole event, two hours of audio
	scripts/proof.sh
	cargo nextest run -p challengectl-e2e --test air --locked --run-ignored only

bench: ## every waveform's rate, on one core
	cargo bench -p challengectl-waveform --locked

bench-air: proof-programs ## what the virtual air costs, and whether 16 receivers and 16 transmissions keep real time
	cargo bench -p challengectl-air --locked
	target/dist/proof air
	target/dist/proof air --receivers 1 --transmissions 0 --unheard 200
	target/dist/proof air --receivers 1 --transmissions 1

bench-gnuradio: ## every waveform's rate beside GNU Radio's, in turn on the same core
	scripts/tools.sh receivers codec2
	scripts/bench-gnuradio.py

bench-load: proof-programs ## ten thousand runners on one server, also with a million transmissions behind it
	target/dist/proof load --runners 1000
	target/dist/proof load
	target/dist/proof load --history 1000000

bench-instances: proof-programs ## what starts of instances cost beyond the engine's, and idle sessions; needs root and both engines
	target/dist/proof instance-starts --engine docker
	target/dist/proof instance-starts --engine podman
	target/dist/proof instance-load

proof-instances: proof-programs ## hundreds of instances at once, and 200 kills of server, runner and engine; needs root and both engines
	target/dist/proof instances-at-once --engine docker
	target/dist/proof instances-at-once --engine podman
	target/dist/proof instance-kills --engine docker --count 200
	target/dist/proof instance-kills --engine podman --count 200

bench-busy-host: tools dist ## eight busy radios and an idle one, alone and beside 200 instances on one server; needs root and Docker
	cargo build --profile dist --locked -p challengectl-runner -p challengectl-e2e --features challengectl-runner/soapy
	target/dist/proof busy-host --engine docker

proof-processes: proof-programs ## 200 sessions with processes, and 100 kills of server and runner; needs root
	target/dist/proof processes

proof-deployments: cluster proof-programs ## deployments of 100 teams, 100 kills, and absences of 10 minutes, in a real cluster; as root
	scripts/tools.sh kubernetes documentation
	trap 'scripts/cluster.sh down $(CLUSTER)' EXIT; \
	scripts/cluster.sh up $(CLUSTER) && \
	for proof in '' '--kills 100' '--away 600'; do CLUSTER=$(CLUSTER) target/dist/proof deployments $$proof || exit; done

bench-transactions: proof-programs ## the longest write transaction, with a million rows to forget and a runner that floods
	target/dist/proof transactions

bench-trigger: proof-programs ## time from an operator's trigger to the first sample on air
	target/dist/proof trigger

bench-dashboard: dashboard dist ## the dashboard with 200 runners, 500 challenges and 50 events a second, for MINUTES
	scripts/tools.sh nodejs browser
	cd server/dashboard && PROGRAMS=$(CURDIR)/target/dist $(NODE) npm run --silent e2e -- --grep @slow

bench-stops: tools dist ## time from a stop, and from other ends of a transmission, to the last sample of eight busy radios, simulated and virtual
	cargo build --profile dist --locked -p challengectl-runner -p challengectl-e2e --features challengectl-runner/soapy
	target/dist/proof soapy
	target/dist/proof air-stops

bench-live: dist ## what live events cost: 500 dashboards, 200 events a second
	scripts/bench-live.py target/dist/challengectl-server

demo: build ## a demo event on air, until Ctrl-C or for SECONDS_ON_AIR
	scripts/demo.sh

prerequisites: ## check the packages that the build needs, and print the command that installs missing ones
	@scripts/prerequisites.sh

tools: ## install the tools of the tests: receivers, SoapySDR, Chromium, libcodec2, libfaketime, Socket.IO clients, schemathesis, ctfcli, openssl, Docker, Prometheus, nginx, cargo-nextest
	scripts/tools.sh receivers radios browser codec2 clocks socketio schemathesis ctfcli certificates containers documentation prometheus nextest

check-tools:
	scripts/tools.sh deny machete radios nodejs
