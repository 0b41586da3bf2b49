# The part of the Makefile that tests, checks and measures. The Makefile includes it, and has the packages, the flags
# and the application's sources.

UNIT_SOURCES := $(wildcard tests/unit/*/*/test_*.c tests/unit/*/test_*.c)
UNIT_HELPERS := $(filter-out $(UNIT_SOURCES),$(wildcard tests/unit/*/*.c tests/unit/*/*/*.c))
UNIT_TESTS   := $(UNIT_SOURCES:%.c=$(BUILD)/%)
SUITE_OBJECTS := $(BUILD)/tests/suite.o $(BUILD)/tests/check.o
E2E_SOURCES  := $(wildcard tests/e2e/test_*.c)
E2E_TESTS    := $(E2E_SOURCES:%.c=$(BUILD)/%)
# End-to-end tests that are scripts.
E2E_SCRIPTS  := $(filter-out %.c %.h,$(wildcard tests/e2e/test_*))
# Makes a store's disk fail: linked into a test, or loaded before postern.
FAULTY_DISK  := $(BUILD)/tests/faulty_disk.so
E2E_HELPERS  := $(filter-out $(E2E_SOURCES),$(wildcard tests/e2e/*.c))
E2E_BARE     := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/e2e_suite.c %/fixture.c %/holder.c,$(E2E_HELPERS)))
# What of the application those are made of.
E2E_OBJECTS  := $(filter $(addprefix $(BUILD)/fcgi-app/,base/% publish/% metrics/% config/consumers.o domain/bucket.o),$(APP_OBJECTS))
FUZZ_SOURCES := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_NAMES   := $(FUZZ_SOURCES:tests/fuzz/fuzz_%.c=%)
FUZZ_TARGETS := $(FUZZ_SOURCES:%.c=$(BUILD)/%)
TORTURE      := $(BUILD)/tests/torture/torture
TORTURE_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/torture/*.c))
SIEGE        := $(BUILD)/tests/siege/siege
SIEGE_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/siege/*.c))
STACK_LOAD   := $(BUILD)/tests/stack/load
DISTANCE     := $(BUILD)/tests/bench/distance
# Loaded before PostgreSQL, so that its commits take longer.
SLOW_SYNC    := $(BUILD)/tests/bench/slow_sync.so
BENCH_TOOLS  := $(patsubst %.c,$(BUILD)/%,$(filter-out tests/bench/slow_sync.c,$(wildcard tests/bench/*.c))) $(SLOW_SYNC)
SETTINGS     := $(BUILD)/tests/lint/settings

$(BUILD)/tests/%.o: CPPFLAGS += -Itests -Iwebserver-conf
.PHONY: test unit e2e check test-matrix sanitizers fuzz torture siege test-stack lint manual hooks bench bench-task

# ---- Test

# Those that take longest begin first, so that none is left alone at the end: they wait, and the others work meanwhile.
SLOW_TESTS := $(addprefix $(BUILD)/tests/,e2e/test_bounds e2e/test_faults e2e/test_drain e2e/test_rolling e2e/test_catalogue \
    e2e/test_process unit/store/postgres/test_loss unit/store/postgres/test_group unit/store/postgres/test_server)
in_order    = $(filter $(1),$(SLOW_TESTS)) $(filter-out $(SLOW_TESTS),$(1))

test: ## prove it: unit and end-to-end tests
	@.ci/install $(PACKAGES_TEST)
	+@$(BUILDER) $(POSTERN) $(WEB_PROGRAMS) $(MODULES_DIR)/ready $(UNIT_TESTS) $(E2E_TESTS)
	@POSTERN=$(POSTERN) FAULTY_DISK_LIBRARY=$(FAULTY_DISK) WEBSERVER_MODULES=$(MODULES_DIR) tests/run $(call in_order,$(E2E_TESTS) $(abspath $(E2E_SCRIPTS)) $(UNIT_TESTS))

pictures: ## draw the dashboard and postern status, after SECONDS_TO_RUN=60 of load, into webserver-conf/observe
	@.ci/install $(PACKAGES_TEST)
	+@$(BUILDER) $(POSTERN) $(MODULES_DIR)/ready
	@POSTERN=$(POSTERN) WEBSERVER_MODULES=$(MODULES_DIR) tests/e2e/draw_observe webserver-conf/observe $(SECONDS_TO_RUN)
.PHONY: pictures

unit: ## the unit tests alone
	@.ci/install $(PACKAGES_TEST)
	+@$(BUILDER) $(UNIT_TESTS)
	@tests/run $(call in_order,$(UNIT_TESTS))

e2e: ## the end-to-end tests alone
	@.ci/install $(PACKAGES_TEST)
	+@$(BUILDER) $(POSTERN) $(WEB_PROGRAMS) $(MODULES_DIR)/ready $(E2E_TESTS)
	@POSTERN=$(POSTERN) FAULTY_DISK_LIBRARY=$(FAULTY_DISK) WEBSERVER_MODULES=$(MODULES_DIR) tests/run $(call in_order,$(E2E_TESTS) $(abspath $(E2E_SCRIPTS)))

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(UNIT_HELPERS:%.c=$(BUILD)/%.o) \
    $(SUITE_OBJECTS) $(BUILD)/tests/fake_store.o \
    $(BUILD)/tests/postgres_server.o $(BUILD)/tests/port.o $(APP_OBJECTS) $(patsubst %.c,$(BUILD)/%.o,$(MODULE_PARSERS) $(WEB_PARTS))
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcunit
$(FAULTY_DISK): tests/faulty_disk.c tests/faulty_disk.h $(BUILD)/flags
$(SLOW_SYNC): tests/bench/slow_sync.c $(BUILD)/flags
$(FAULTY_DISK) $(SLOW_SYNC):
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(filter-out -fsanitize% -fno-sanitize% -fPIE,$(CFLAGS)) -fPIC -shared -o $@ $<
$(BUILD)/tests/unit/store/sqlite/test_disk: $(BUILD)/tests/faulty_disk.o
$(BUILD)/tests/unit/store/sqlite/test_checkpoint $(BUILD)/tests/e2e/test_upkeep: $(BUILD)/tests/sqlite_log.o
$(addprefix $(BUILD)/tests/unit/,base/test_file config/test_consumers_file store/postgres/test_role): $(BUILD)/tests/file_reads.o
$(BUILD)/tests/e2e/test_store_file: $(BUILD)/tests/faulty_disk.o | $(FAULTY_DISK)
$(BUILD)/tests/e2e/test_lease: $(BUILD)/tests/unit/store/postgres/proxy.o
$(BUILD)/tests/e2e/%: $(BUILD)/tests/e2e/%.o $(E2E_HELPERS:%.c=$(BUILD)/%.o) $(SUITE_OBJECTS) \
    $(BUILD)/tests/postgres_server.o $(BUILD)/tests/port.o $(E2E_OBJECTS)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^ -lcunit -lcurl -lcjson -lsqlite3 -lpq

test-matrix: ## make test in fresh Debian 12 and 13, with gcc and with clang; takes root
	@.ci/install $(PACKAGES_MATRIX)
	@tests/matrix

check: ## everything CI runs: test, lint, walks, test-pools, test-contract, test-browser, torture, siege, fuzz, sanitizers, test-iac, test-stack
	@tests/steps $(CHECK_STEPS)

# In the order in which they say most soonest. One that fails does not keep the others from running. test-iac waits
# for half of its time; what runs beside it measures none, and finds what both need built by the first step.
CHECK_STEPS = test 'test-iac &' lint walks fuzz wait test-pools test-contract test-browser \
    'torture SECONDS_TO_RUN=20' 'torture SECONDS_TO_RUN=20 STORE=sqlite' 'siege SECONDS_TO_RUN=30' \
    $(SANITIZERS:%='test SANITIZER=%') test-stack
# Those that can be in one program are, so that the tests run fewer times.
SANITIZERS := address,undefined thread

sanitizers: ## the tests again, under the sanitizers
	@tests/steps $(SANITIZERS:%='test SANITIZER=%')

walks: ## prove the walks of CONTRIBUTING.md, on a copy of the tree
	@.ci/install $(PACKAGES_CHECK)
	@tests/walks/run
.PHONY: walks

SECONDS_TO_RUN ?= 60
torture: ## break pairs and their STORE=postgres|sqlite under load for SECONDS_TO_RUN=60; SEED= repeats; AWAY_US= puts postgres away
	@.ci/install $(PACKAGES_TEST)
	+@$(BUILDER) $(POSTERN) $(MODULES_DIR)/ready $(TORTURE) $(FAULTY_DISK) $(DISTANCE)
	@POSTERN=$(POSTERN) WEBSERVER_MODULES=$(MODULES_DIR) STORE=$(STORE) AWAY_US=$(AWAY_US) DISTANCE=$(DISTANCE) FAULTY_DISK_LIBRARY=$(FAULTY_DISK) SECONDS_TO_RUN=$(SECONDS_TO_RUN) SEED=$(SEED) $(TORTURE)
$(TORTURE): $(TORTURE_OBJECTS) $(E2E_BARE) $(BUILD)/tests/postgres_server.o $(BUILD)/tests/port.o $(BUILD)/tests/faulty_disk.o \
    $(E2E_OBJECTS)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^ -lcurl -lcjson -lsqlite3 -lpq

siege: ## attack a pair for SECONDS_TO_RUN=60, and see that nobody is harmed; SEED= repeats
	@.ci/install $(PACKAGES_TEST)
	+@$(BUILDER) $(POSTERN) $(WEB_PROGRAMS) $(MODULES_DIR)/ready $(SIEGE)
	@POSTERN=$(POSTERN) WEBSERVER_MODULES=$(MODULES_DIR) SECONDS_TO_RUN=$(SECONDS_TO_RUN) SEED=$(SEED) $(SIEGE)
$(SIEGE): $(SIEGE_OBJECTS) $(E2E_BARE) $(SUITE_OBJECTS) $(BUILD)/tests/port.o \
    $(E2E_OBJECTS)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^ -lcunit -lcurl -lcjson -lsqlite3

test-pools: ## prove that Node's and Python's kept connections end well
	@.ci/install $(PACKAGES_POOLS)
	+@$(BUILDER) $(POSTERN) $(LOG_PROGRAM)
	@POSTERN=$(POSTERN) tests/pools/run
.PHONY: test-pools

CONTRACT := build/npm/tests/contract
test-contract: ## hold the running pair against fcgi-app/openapi.yaml; takes Node and npm
	@.ci/install $(PACKAGES_CONTRACT)
	@$(NEED_NPM)
	+@$(BUILDER) $(POSTERN) $(FAULTY_DISK) $(CONTRACT)/installed
	@POSTERN=$(POSTERN) FAULTY_DISK_LIBRARY=$(FAULTY_DISK) NODE_PATH=$(CONTRACT)/node_modules node tests/contract/contract.js
.PHONY: test-contract

# Pictures of the page are kept in build/browser.
test-browser: ## look at the API reference in Chromium, try it, order by clicks; takes Node 20 or newer, and npm
	@.ci/install $(PACKAGES_BROWSER)
	@$(NEED_NPM)
	+@$(BUILDER) $(POSTERN) $(LOG_PROGRAM) $(REFERENCE)/index.html $(BROWSER)/installed
	@POSTERN=$(POSTERN) NODE_PATH=$(BROWSER)/node_modules node tests/browser/browser.js
BROWSER := build/npm/tests/browser
.PHONY: test-browser

test-stack: ## prove the container stack: who reaches what, who is who, kills, replacement
	@.ci/install $(PACKAGES_STACK)
	+@$(BUILDER) $(STACK_LOAD)
	@STACK_LOAD=$(STACK_LOAD) images/engine tests/stack/run
$(STACK_LOAD): $(BUILD)/tests/stack/load.o $(BUILD)/tests/e2e/load.o $(BUILD)/tests/e2e/wire.o \
    $(BUILD)/tests/e2e/client.o $(filter $(BUILD)/fcgi-app/base/%,$(APP_OBJECTS))
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^ -lcurl

# On demand only; each run has other faults, unless SEED= names those of an earlier one.
mutants: ## plant COUNT=150 small faults, one at a time, and see that a test notices each; SEED= repeats
	@.ci/install $(PACKAGES_CHECK)
	+@$(BUILDER) build/lighttpd/fetched
	@COUNT=$(COUNT) SEED=$(SEED) JOBS=$(JOBS) FILES='$(FILES)' \
	    SECONDS_TO_RUN=$(if $(filter file,$(origin SECONDS_TO_RUN)),,$(SECONDS_TO_RUN)) tests/mutants/run
.PHONY: mutants

FUZZ_SECONDS ?= 20
fuzz: ## fuzz each parser for FUZZ_SECONDS=20
	@.ci/install $(PACKAGES_CHECK)
	+@$(BUILDER) fuzz-run CC=clang SANITIZER=fuzzer-no-link,address,undefined
.PHONY: fuzz-run
fuzz-run: $(FUZZ_TARGETS)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(BUILD)/tests/fuzz $(FUZZ_NAMES)
$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/fuzz.o $(BUILD)/tests/fake_store.o $(APP_OBJECTS) \
    $(patsubst %.c,$(BUILD)/%.o,$(MODULE_PARSERS) $(WEB_PARTS))
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(subst fuzzer-no-link,fuzzer,$(LDFLAGS)) -o $@ $^ $(LDLIBS)

# ---- Rules and pages

# LINT_FILES='FILE...' looks at those alone.
lint: ## the project's rules: layers, pages, format, clang-tidy, cppcheck and more
	@.ci/install $(PACKAGES_CHECK)
	+@$(BUILDER) $(POSTERN) $(SETTINGS)
	@headers=$$($(LIGHTTPD_HEADERS)) && LIGHTTPD_HEADERS=$$headers/src SETTINGS=$(SETTINGS) OBJECTS=$(BUILD) \
	    CPPFLAGS='$(CPPFLAGS) -Itests -Iwebserver-conf -DPOSTERN_VERSION=""' tests/lint/run $(LINT_FILES)
$(SETTINGS): $(SETTINGS).o
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

manual: ## write the settings into the manual page
	@.ci/install $(PACKAGES_BUILD)
	+@$(BUILDER) $(SETTINGS)
	@SETTINGS=$(SETTINGS) tests/lint/tables --write

openapi: ## write fcgi-app/openapi.json anew, from fcgi-app/openapi.yaml
	@.ci/install python3-yaml
	@tests/lint/openapi --write
.PHONY: openapi

hooks: ## have git run make lint on what you commit, and look at the subject
	git config core.hooksPath tests/hooks

# ---- Measure

bench: ## measure it, in one run on this machine
	@.ci/install $(PACKAGES_BENCH)
	+@$(BUILDER) $(POSTERN) $(LOG_PROGRAM) $(MODULES_DIR)/ready $(BENCH_TOOLS)
	@POSTERN=$(POSTERN) WEBSERVER_MODULES=$(MODULES_DIR) tests/bench/run $(BUILD)/tests/bench
	@POSTERN=$(POSTERN) WEBSERVER_MODULES=$(MODULES_DIR) tests/bench/published $(BUILD)/tests/bench
	@POSTERN=$(POSTERN) WEBSERVER_MODULES=$(MODULES_DIR) tests/bench/far $(BUILD)/tests/bench
	@$(MAKE) --no-print-directory bench-task

bench-task: ## the part of it on one task in containers, limited as on Fargate
	@.ci/install $(PACKAGES_BENCH)
	@mkdir -p $(BUILD)/tests/bench
	@VERSION='$(VERSION)' tests/bench/task $(BUILD)/tests/bench
$(BUILD)/tests/bench/%: $(BUILD)/tests/bench/%.o
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
