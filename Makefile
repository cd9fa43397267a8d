# `make demo` and `make test` need Debian 12, build-essential and a Rust toolchain; what else is
# missing they install from Debian's packages. `make help` lists everything.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test soak bench pictures build-packages test-packages

# Debian's packages that a build needs, and those that the tests need besides.
# The scripts of the pages come from npm.
BUILD_PACKAGES := pkg-config libssl-dev npm
TEST_PACKAGES := postgresql chromium chromium-driver fonts-dejavu-core

# Packages of which one program is needed, wherever it comes from: package:program.
PROGRAMS := npm:npm chromium:chromium chromium-driver:chromedriver

# What `make demo` hands on, for example `make demo ARGS=--exit`.
ARGS ?=

help: ## Says what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 8

demo: build-packages ## Runs Rollcall against simulated clouds (ARGS=--exit ends after the story)
	cargo run --locked -- demo $(ARGS)

test: test-packages ## Checks format, lints, documentation and licences, and runs every test
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
	cargo test --locked
	@if cargo deny --version >/dev/null 2>&1; then \
		echo 'cargo deny check licenses bans sources'; \
		cargo deny --offline check licenses bans sources; \
	else \
		echo 'cargo-deny is not installed; the test "tidy" has checked licences and sources by deny.toml.'; \
	fi

# Company-nights of `make soak`.
NIGHTS ?= 100000

soak: test-packages ## Simulates 100,000 company-nights (NIGHTS=2000 for fewer)
	ROLLCALL_SOAK_NIGHTS=$(NIGHTS) cargo test --locked --release --test it -- --nocapture weeks::a_simulation

bench: build-packages ## Measures what the README states
	cargo bench --locked $(ARGS)

pictures: test-packages ## Makes the pictures of the README anew, from the demo
	ROLLCALL_PICTURES=$(CURDIR)/docs/pictures cargo test --locked --test it -- browser::pictures

build-packages:
	@$(call install,$(BUILD_PACKAGES))

test-packages:
	@$(call install,$(BUILD_PACKAGES) $(TEST_PACKAGES))

# Installs those of the named packages that are missing. Changes nothing where all are there. Debian's npm would put its own
# Node.js in the place of another, so a program that is there is enough.
define install
if ! command -v cargo >/dev/null; then \
	echo 'Rust is missing: install it as https://rustup.rs says, open a new shell, and try again.' >&2; \
	exit 1; \
fi; \
if ! command -v dpkg-query >/dev/null; then \
	echo 'This is not Debian: see that you have what these packages hold: $(strip $(1)).' >&2; \
	exit 0; \
fi; \
missing=; \
for name in $(1); do \
	for pair in $(PROGRAMS); do \
		if [ "$${pair%%:*}" = "$$name" ] && command -v "$${pair#*:}" >/dev/null; then continue 2; fi; \
	done; \
	dpkg-query -W -f '$${Status}\n' "$$name" 2>/dev/null | grep -q '^install ok installed' \
		|| missing="$$missing $$name"; \
done; \
if [ -z "$$missing" ]; then exit 0; fi; \
if [ "$$(id -u)" = 0 ]; then \
	root=(env); \
elif command -v sudo >/dev/null; then \
	root=(sudo env); \
else \
	echo "Debian's packages are missing and there is no sudo. As root: apt-get install$$missing" >&2; \
	exit 1; \
fi; \
echo "Installing what is missing from Debian's packages:$$missing"; \
install=("$${root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends); \
if ! { "$${root[@]}" apt-get -q update && "$${install[@]}" $$missing; }; then \
	echo "Debian's packages could not be installed. Install them by hand, then try again:$$missing" >&2; \
	exit 1; \
fi
endef
