# make check test bench demo: see README.md
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help build check test fuzz-api proof bench bench-live bench-load bench-transactions bench-trigger demo prerequisites tools check-tools

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

build: prerequisites ## both programs, optimised, in target/release
	cargo build --release --locked -p challengectl-server -p challengectl-runner

check: check-tools ## format, lints, licences, documentation
	cargo fmt --all -- --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo deny --all-features check licenses bans sources
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

test: tools ## everything, with other people's receivers
	cargo nextest run --workspace --locked
	cargo test --doc --workspace --locked

fuzz-api: tools ## many more requests to the API than make test, each held against its description
	API_EXAMPLES=300 cargo test -p challengectl-server --locked --test api fuzzing -- --test-threads 2

proof: tools build ## the slow proofs: 200 faults of network, processes and clocks, rounds of a whole event, two hours of audio
	scripts/proof.sh

bench: ## every waveform's rate, on one core
	cargo bench -p challengectl-waveform --locked

bench-load: build ## ten thousand runners on one server, also with a million transmissions behind it
	cargo build --release --locked -p challengectl-e2e
	target/release/proof load --runners 1000
	target/release/proof load
	target/release/proof load --history 1000000

bench-transactions: build ## the longest write transaction, with a million rows to forget and a runner that floods
	cargo build --release --locked -p challengectl-e2e
	target/release/proof transactions

bench-trigger: build ## time from an operator's trigger to the first sample on air
	cargo build --release --locked -p challengectl-e2e
	target/release/proof trigger

bench-live: build ## what live events cost: 500 dashboards, 200 events a second
	scripts/bench-live.py target/release/challengectl-server

demo: build ## a demo event on air, until Ctrl-C or for SECONDS_ON_AIR
	scripts/demo.sh

prerequisites: ## whether this machine has what the build needs, and the command that installs it
	@scripts/prerequisites.sh

tools: ## what the tests need: receivers, libfaketime, Socket.IO clients, schemathesis, openssl, Prometheus, nginx, cargo-nextest
	scripts/tools.sh receivers clocks socketio schemathesis certificates documentation prometheus nextest

check-tools:
	scripts/tools.sh deny
