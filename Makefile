# The front door. `make demo` shows it, `make test` proves it; `make help` lists the rest.
# What is missing on this machine is installed by the commands themselves, with a line what and why.
SHELL := bash
.DEFAULT_GOAL := help
# The parts install, configure and build in an order; what runs in parallel are the jobs of ninja and ctest.
.NOTPARALLEL:
.PHONY: help build test demo bench bench-compare fuzz format lint differential soak clean \
  tools packages wasm-module package test-native test-sanitized test-wasm test-rules test-node \
  test-database test-browser

TOOLCHAIN := wasm/toolchain
PHASE := tests/phase.sh
NODE := $(TOOLCHAIN)/node.sh
EMSCRIPTEN := $(TOOLCHAIN)/emscripten.sh
JOBS ?= $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(JOBS)
export CTEST_PARALLEL_LEVEL ?= $(JOBS)
# The tests start in folders of their own.
ifneq ($(PHOTO_CORPUS),)
override PHOTO_CORPUS := $(or $(shell cd '$(PHOTO_CORPUS)' && pwd),$(error PHOTO_CORPUS names no folder))
export PHOTO_CORPUS
endif

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the npm package, into wasm/dist
	@$(PHASE) --start
	@$(MAKE) --no-print-directory package
	@$(PHASE) --summary

# Every suite runs, whatever the one before said; the result is the worst of them.
SUITES := test-native test-sanitized test-wasm test-rules test-node test-database test-browser
test: ## everything: native, sanitized, WebAssembly, rules, package, database, browsers
	@$(PHASE) --start
	@$(PHASE) "tools for the tests" $(MAKE) --no-print-directory tools-for-tests
	@$(MAKE) --no-print-directory package
	@failed=; for suite in $(SUITES); do $(MAKE) --no-print-directory $$suite || failed="$$failed $$suite"; done; \
	  $(PHASE) --summary; \
	  if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; else echo "all suites passed"; fi

demo: ## build, start the local backend, serve the page, print its address (PORT=4173)
	@$(PHASE) --start
	@$(MAKE) --no-print-directory package
	@$(PHASE) --summary
	@exec $(NODE) node web-demo/main.mjs

bench: rivals ## time, memory, bytes and quality against other libraries, in one run (QUICK=1, BENCH_PHOTOS=folder, BENCH=options)
	@$(PHASE) --start
	@$(MAKE) --no-print-directory package
	@$(PHASE) "benchmark" $(NODE) npm run --silent bench --workspace @photomemory/bench -- $(if $(QUICK),--quick) $(BENCH)
bench-compare: rivals ## the core of this checkout against that of another revision (BASE=revision)
	@$(PHASE) --start
	@$(MAKE) --no-print-directory package
	@$(PHASE) "comparison" $(NODE) npm run --silent compare --workspace @photomemory/bench -- $(or $(BASE),HEAD) $(if $(QUICK),--quick)
differential: packages ## the core's verdict against the database's, over many generated rows (N=100000 SEED=1)
	@$(TOOLCHAIN)/ensure_packages.sh native database
	@$(PHASE) --start
	@$(PHASE) "differential" env N=$(or $(N),100000) SEED=$(or $(SEED),1) $(NODE) npm run --silent differential --workspace @photomemory/equality-tests
# The last line is the summary, the exit status the verdict.
soak: packages ## sending under injected faults and kills (N=1000 SEED=1, any text)
	@env N='$(or $(N),1000)' SEED='$(or $(SEED),1)' $(NODE) npm run --silent soak --workspace @photomemory/sending-tests

fuzz: ## every fuzz target for SECONDS_EACH (60) seconds, from the kept seeds (BITS=32: with the sizes of WebAssembly)
	@$(TOOLCHAIN)/ensure_packages.sh native sanitize
	@mkdir -p build
	@cmake --preset fuzz$(BITS) >build/fuzz.configure.log 2>&1 || { cat build/fuzz.configure.log; exit 1; }
	@cmake --build --preset fuzz$(BITS)
	@tests/fuzz/run.sh build/fuzz$(BITS)/tests/fuzz $(or $(SECONDS_EACH),60)

format: ## clang-format over our own C++
	@$(TOOLCHAIN)/ensure_packages.sh format
	@git ls-files -z '*.cpp' '*.hpp' '*.c' ':!*.gen.hpp' | xargs -0 clang-format -i
# With clang's flags: GCC's are errors to it.
lint: ## clang-tidy over our own C++
	@$(TOOLCHAIN)/ensure_packages.sh native sanitize format lint
	@cmake --preset asan >/dev/null
	@git ls-files -z 'core/src/*.cpp' 'core/dependencies/*.cpp' | xargs -0 -n 4 -P $(JOBS) clang-tidy --quiet -p build/asan

clean: ## remove build outputs of this checkout (the cache folder stays)
	@rm -rf build wasm/dist wasm/LICENSE wasm/NOTICES.txt wasm/THIRD_PARTY.md wasm/sbom.cdx.json wasm/versions.json

# ---- parts ----

tools:
	@$(TOOLCHAIN)/ensure_packages.sh native node $$(command -v emcc >/dev/null || echo wasm)
	@$(NODE)
.PHONY: tools-for-tests
tools-for-tests:
	@$(TOOLCHAIN)/ensure_packages.sh native node sanitize format database browser webkit photos $$(command -v emcc >/dev/null || echo wasm)
	@$(NODE)
packages: tools
	@$(TOOLCHAIN)/npm_packages.sh

.PHONY: rivals
rivals: packages
	@$(TOOLCHAIN)/ensure_packages.sh browser instructions
	@cmp -s tests/bench/rivals/package-lock.json tests/bench/rivals/node_modules/.installed-lock || { \
	  echo "rivals: installing what the bench compares with into tests/bench/rivals"; \
	  $(NODE) npm ci --prefer-offline --prefix tests/bench/rivals --ignore-scripts --no-audit --no-fund --loglevel=error >&2 </dev/null && \
	  cp tests/bench/rivals/package-lock.json tests/bench/rivals/node_modules/.installed-lock; }

wasm-module:
	@$(PHASE) "tools" $(MAKE) --no-print-directory tools
	@$(PHASE) "Emscripten" $(EMSCRIPTEN)
	@$(PHASE) --alone "WebAssembly build" "WebAssembly module" $(EMSCRIPTEN) bash -o pipefail -c 'mkdir -p build && cmake --preset wasm >build/wasm.configure.log 2>&1 || { cat build/wasm.configure.log; exit 1; }; cmake --build --preset wasm --target photo_core_wasm 2>&1 | tests/quiet.sh'
package: wasm-module
	@$(PHASE) "npm packages" $(TOOLCHAIN)/npm_packages.sh
	@$(PHASE) --alone "npm package" "npm package" $(NODE) bash -c 'if node wasm/scripts/unchanged.mjs; then echo "unchanged since it was built"; \
	  else npm run --silent build --workspace @photomemory/photo-core && node wasm/scripts/unchanged.mjs --keep; fi'

test-native: ; @$(PHASE) "native tests (release)" bash -o pipefail -c 'cmake --workflow --preset release 2>&1 | tests/quiet.sh'
test-sanitized: ; @$(PHASE) "native tests (address and undefined behaviour sanitizers, fuzz replays)" bash -o pipefail -c 'cmake --workflow --preset asan 2>&1 | tests/quiet.sh'
test-wasm: ; @$(PHASE) --alone "WebAssembly build" "WebAssembly tests (the same program, in Node)" bash -o pipefail -c '$(EMSCRIPTEN) cmake --workflow --preset wasm 2>&1 | tests/quiet.sh'
test-rules: packages ; @$(PHASE) "rules" $(NODE) tests/node.sh rules
# Tests that run side by side ask the same native program: it is built before them.
test-node: packages
	@$(PHASE) "native verdicts" bash -o pipefail -c '{ cmake --preset release && cmake --build --preset release --target payload_check photo_check; } 2>&1 | tests/quiet.sh'
	@$(PHASE) "package, contract and sending tests" $(NODE) tests/node.sh package equality sending
test-database: packages ; @$(PHASE) "database tests" $(NODE) npm test --silent --workspace @photomemory/database-tests
test-browser: packages ; @$(PHASE) "browser and bundler tests" $(NODE) tests/node.sh browser bundlers
