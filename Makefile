# Postern. `make` prints the commands. Those that test, check and measure are in tests/tests.mk.
#
#   CC=clang                             another compiler
#   SANITIZER=address,undefined|thread   an instrumented build, in a folder of its own
#   V=1                                  show every command
#   PORT=8080 DATABASE_URL=sqlite:…      for make run

VERSION := 0.1.0

# ---- Packages: the one place that names what comes from Debian

PACKAGES_BUILD := gcc libc6-dev make pkg-config libfcgi-dev libcjson-dev libsqlite3-dev libpq-dev libxxhash-dev
PACKAGES_RUN   := lighttpd
PACKAGES_MODULE := gcc libc6-dev make dpkg-dev libxxhash-dev $(PACKAGES_RUN)
PACKAGES_TEST  := $(PACKAGES_BUILD) $(PACKAGES_MODULE) postgresql pgbouncer prometheus python3 faketime openssl libcunit1-dev libcurl4-openssl-dev nginx apache2
PACKAGES_POOLS := $(PACKAGES_BUILD) $(PACKAGES_RUN) nodejs python3-httpx curl
PACKAGES_CHECK := $(PACKAGES_TEST) clang libclang-rt-dev clang-format clang-tidy cppcheck shellcheck flake8 python3 python3-yaml mandoc
PACKAGES_STACK := $(PACKAGES_BUILD) libcurl4-openssl-dev curl procps
# The rehearsal's other images are made of these.
PACKAGES_HAPROXY := haproxy
PACKAGES_POSTGRES := postgresql
PACKAGES_CONSUMER := curl
PACKAGES_PROMETHEUS := prometheus
PACKAGES_ENGINE := docker.io iptables
PACKAGES_BASE  := debootstrap
PACKAGES_MATRIX := debootstrap git
PACKAGES_IAC   := jq curl git
PACKAGES_TEST_IAC := $(PACKAGES_IAC) graphviz postgresql
PACKAGES_BENCH := $(PACKAGES_BUILD) $(PACKAGES_MODULE) postgresql wrk curl
PACKAGES_BROWSER := $(PACKAGES_BUILD) $(PACKAGES_RUN) chromium
PACKAGES_CONTRACT := $(PACKAGES_BUILD) $(PACKAGES_RUN) postgresql python3 curl

# ---- Flags

CC        := gcc
OPTIMIZE  := -O2
WARNINGS  := -Wall -Wextra -Wshadow -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes
SANITIZER :=
empty     :=
comma     := ,
FLAVOUR   := $(if $(SANITIZER),$(subst $(comma),-,$(SANITIZER)),release)
BUILD     := build/$(FLAVOUR)
HARDENING := -fstack-protector-strong -fPIE $(if $(SANITIZER),,-D_FORTIFY_SOURCE=2)
CFLAGS    := -std=gnu11 $(OPTIMIZE) -g $(WARNINGS) $(if $(CI),-Werror) $(HARDENING)
CPPFLAGS  := -D_GNU_SOURCE -Ifcgi-app -I$(BUILD) $(shell pkg-config --cflags libpq 2>/dev/null)
LDFLAGS   := -pie -Wl,-z,relro,-z,now
LDLIBS    := -lfcgi -lcjson -lsqlite3 -lpq -lm
ifneq ($(SANITIZER),)
CFLAGS    += -fsanitize=$(SANITIZER) -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS   += -fsanitize=$(SANITIZER)
# Instrumented programs work more than they wait.
export TEST_JOBS ?= $(shell expr 2 \* $$(nproc))
endif
ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-6s %s\n'
endif

# Builds use every processor, unless the caller said how many.
BUILDER   = $(MAKE) $(if $(filter 1,$(V)),,-s) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

REVISION := $(shell git rev-parse --short HEAD 2>/dev/null)

# ---- Sources

APP_SOURCES  := $(wildcard fcgi-app/*/*.c fcgi-app/*/*/*.c)
APP_OBJECTS  := $(APP_SOURCES:%.c=$(BUILD)/%.o)
DRIVERS      := sqlite postgres
GENERATED    := $(foreach driver,$(DRIVERS),$(BUILD)/gen/$(driver)_sql.h $(BUILD)/gen/$(driver)_schema.h) \
    $(BUILD)/gen/openapi_json.h
C_FILES      := $(shell find fcgi-app tests webserver-conf -name '*.[ch]' 2>/dev/null | sort)
POSTERN      := $(BUILD)/postern
# A program's name has a hyphen; that of a part, which they are made of beside fcgi-app/base/, has none.
WEB_SOURCES  := $(wildcard webserver-conf/programs/*-*.c)
WEB_PROGRAMS := $(WEB_SOURCES:%.c=$(BUILD)/%)
WEB_PARTS    := $(filter-out $(WEB_SOURCES),$(wildcard webserver-conf/programs/*.c))
LOG_PROGRAM  := $(BUILD)/webserver-conf/programs/log-file
MODULE_NAMES := $(notdir $(basename $(wildcard webserver-conf/module/mod_*.c)))
# What calls lighttpd, beside what has the modules' names. The rest knows no web server.
MODULE_PARTS := $(wildcard webserver-conf/module/vpce_*.c webserver-conf/module/published_*.c)
MODULE_PARSERS := $(filter-out webserver-conf/module/mod_% $(MODULE_PARTS),$(wildcard webserver-conf/module/*.c))
# What mod_postern_vpce and mod_postern_published take the application's memory with, and what the second alone is made of.
MODULE_OFFER := webserver-conf/module/offer.c $(addprefix fcgi-app/, \
    $(addprefix publish/,layout.c reader.c handover.c target.c roster.c) $(addprefix metrics/,metrics.c memory.c table.c) \
    domain/bucket.c $(addprefix base/,clock.c shared.c socket.c))
MODULE_PUBLISHED := webserver-conf/module/demand.c $(addprefix fcgi-app/http/,conditional.c field.c)
MODULE_SHARED := $(filter-out $(MODULE_OFFER) $(MODULE_PUBLISHED),$(MODULE_PARSERS)) fcgi-app/base/endpoint.c fcgi-app/base/id.c fcgi-app/base/random.c fcgi-app/base/text.c fcgi-app/base/trace.c fcgi-app/config/consumers.c
MODULES      := $(MODULE_NAMES:%=$(BUILD)/webserver-conf/%.so)
MODULES_DIR  := $(BUILD)/webserver-conf/modules

.DEFAULT_GOAL := help
.PHONY: help build module install uninstall run run-postgres format images images-reproducible clean
.PHONY: iac-fmt iac-validate iac-test plan deploy destroy doctor test-iac topology
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
export CI

help:
	@echo 'Postern $(VERSION): a product-and-order API behind PrivateLink.'
	@awk -F ':.*## ' '/^# ---- /{title = "\n" substr($$0, 8) "\n"} \
	    /^[a-z0-9-]+:.*## /{printf "%s", title; title = ""; printf "  make %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- Build

build: ## build the program
	@.ci/install $(PACKAGES_BUILD) $(if $(filter clang,$(CC)),clang libclang-rt-dev)
	+@$(BUILDER) $(POSTERN)

# Rebuilds everything when the compiler or its flags change, and the version when the commit does.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)' | cmp -s - $@ || \
	    echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)' >$@
$(BUILD)/revision: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION) $(REVISION)' | cmp -s - $@ || echo '$(VERSION) $(REVISION)' >$@
FORCE:

$(BUILD)/gen/%_sql.h: fcgi-app/store/%/statements.sql fcgi-app/store/sql2c.awk
	$(say) GEN $@
	@mkdir -p $(@D)
	$(Q)awk -v kind=statements -v prefix=$* -f fcgi-app/store/sql2c.awk $< >$@
SCHEMA_FILES = $(sort $(wildcard fcgi-app/store/$(1)/schema/*.sql))
$(BUILD)/gen/sqlite_schema.h: $(call SCHEMA_FILES,sqlite)
$(BUILD)/gen/postgres_schema.h: $(call SCHEMA_FILES,postgres)
$(BUILD)/gen/%_schema.h: fcgi-app/store/sql2c.awk
	$(say) GEN $@
	@mkdir -p $(@D)
	$(Q)awk -v kind=schema -v prefix=$* -f fcgi-app/store/sql2c.awk $(filter %.sql,$^) >$@

$(BUILD)/gen/openapi_json.h: fcgi-app/openapi.json fcgi-app/api/json2c.awk
	$(say) GEN $@
	@mkdir -p $(@D)
	$(Q)awk -f fcgi-app/api/json2c.awk $< >$@

$(BUILD)/%.o: %.c $(BUILD)/flags | $(GENERATED)
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/fcgi-app/command/version.o: CPPFLAGS += -DPOSTERN_VERSION='"$(VERSION)$(if $(REVISION), ($(REVISION)))"'
$(BUILD)/fcgi-app/command/version.o: $(BUILD)/revision

$(POSTERN): $(BUILD)/fcgi-app/main.o $(APP_OBJECTS)
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# What lighttpd's container needs beside lighttpd.
web-programs: $(WEB_PROGRAMS)
.PHONY: web-programs
$(BUILD)/webserver-conf/programs/%: $(BUILD)/webserver-conf/programs/%.o $(WEB_PARTS:%.c=$(BUILD)/%.o) $(filter $(BUILD)/fcgi-app/base/%,$(APP_OBJECTS))
	$(say) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^

# ---- Install

PREFIX   := /usr/local
DESTDIR  :=
EXAMPLES := share/doc/postern/examples
PLACE    = $(DESTDIR)$(PREFIX)

install: $(POSTERN) ## install program, manual page and lighttpd's configuration (PREFIX=, DESTDIR=)
	install -d $(PLACE)/bin $(PLACE)/share/man/man8 $(PLACE)/$(EXAMPLES)/errors
	install -m 755 $(POSTERN) $(PLACE)/bin/
	install -m 644 fcgi-app/postern.8 $(PLACE)/share/man/man8/
	install -m 644 webserver-conf/*.conf fcgi-app/demo.csv $(PLACE)/$(EXAMPLES)/
	install -m 644 webserver-conf/errors/*.html $(PLACE)/$(EXAMPLES)/errors/

uninstall: ## take away what make install put there
	rm -f $(PLACE)/bin/postern $(PLACE)/share/man/man8/postern.8
	rm -rf $(PLACE)/share/doc/postern

# ---- lighttpd's modules

module: ## build lighttpd's modules: the caller's VPC endpoint, published answers, traces, its own errors
	@.ci/install $(PACKAGES_MODULE)
	+@$(BUILDER) $(MODULES)

LIGHTTPD_HEADERS := webserver-conf/module/lighttpd-headers build/lighttpd
$(BUILD)/lighttpd-version: FORCE
	@mkdir -p $(@D)
	@dpkg-query -W lighttpd | cmp -s - $@ || dpkg-query -W lighttpd >$@

# The distribution's lighttpd loads them, so no sanitizer may be compiled in. Each exports one function, its start.
MODULE_CFLAGS = -D_GNU_SOURCE -Ifcgi-app $(filter-out -fsanitize% -fno-sanitize% -fPIE,$(CFLAGS)) -fPIC -fvisibility=hidden
build/lighttpd/fetched: $(BUILD)/lighttpd-version webserver-conf/module/lighttpd-headers
	@mkdir -p $(@D)
	$(Q)$(LIGHTTPD_HEADERS) >$@
$(BUILD)/webserver-conf/mod_postern_vpce.so: $(filter webserver-conf/module/vpce_%,$(MODULE_PARTS)) $(MODULE_OFFER)
$(BUILD)/webserver-conf/mod_postern_published.so: $(filter webserver-conf/module/published_%,$(MODULE_PARTS)) $(MODULE_OFFER) $(MODULE_PUBLISHED)
$(addprefix $(BUILD)/webserver-conf/,mod_postern_vpce.so mod_postern_published.so): \
    $(wildcard $(addprefix fcgi-app/,base/*.h domain/*.h http/*.h metrics/*.h metrics/*.def publish/*.h))
$(BUILD)/webserver-conf/mod_%.so: webserver-conf/module/mod_%.c $(MODULE_SHARED) $(BUILD)/flags \
    $(wildcard webserver-conf/module/*.h) build/lighttpd/fetched
	$(say) MODULE $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(MODULE_CFLAGS) -isystem "$$(cat build/lighttpd/fetched)/src" -shared \
	    -Wl,-z,relro,-z,now -o $@ $(filter %.c,$^)

# A folder for lighttpd -m, in place of the distribution's: its modules and ours.
$(MODULES_DIR)/ready: $(MODULES)
	@mkdir -p $(@D)
	@ln -sf /usr/lib/lighttpd/*.so $(addprefix ../,$(notdir $^)) $(@D) && touch $@

# ---- The API reference

# Node with npm, of any version from 18 on: the one that is there, else Debian's.
NEED_NPM := command -v npm >/dev/null || .ci/install nodejs npm
# The packages of a folder's package-lock.json, in build/npm/FOLDER/node_modules.
build/npm/%/installed: %/package.json %/package-lock.json
	$(say) NPM $@
	@mkdir -p $(@D)
	@cp $^ $(@D)
	@cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1 || { cat npm.log >&2; exit 1; }
	@touch $@

REFERENCE := build/reference
docs: ## build the API reference, a folder of static files, in build/reference; takes Node and npm
	@$(NEED_NPM)
	+@$(BUILDER) $(REFERENCE)/index.html
	@echo 'The API reference is $(REFERENCE)/index.html; make run serves it at /reference/.'
SWAGGER_UI := build/npm/webserver-conf/reference/node_modules/swagger-ui-dist
$(REFERENCE)/index.html: webserver-conf/reference/index.html $(wildcard webserver-conf/reference/reference.*) fcgi-app/openapi.json \
    build/npm/webserver-conf/reference/installed
	$(say) DOCS $(@D)
	@rm -rf $(@D) && mkdir -p $(@D)
	$(Q)cp $(addprefix $(SWAGGER_UI)/,swagger-ui.css swagger-ui-bundle.js swagger-ui-bundle.js.LICENSE.txt LICENSE NOTICE favicon-32x32.png) \
	    $(filter-out %/installed %.html,$^) $(@D)
	$(Q){ printf 'const description = '; cat fcgi-app/openapi.json; } >$(@D)/description.js
	$(Q)cp $< $@
.PHONY: docs

# ---- Run

# Debian's sources may be out of reach.
RUN_WITHOUT := echo 'Without lighttpd'"'"'s headers every read asks the application; make module says what is missing, and builds it.'
run: export PORT := $(or $(PORT),8080)
run: build ## run it on http://127.0.0.1:8080 (PORT=, DATABASE_URL=); Ctrl-C stops it
	@.ci/install $(PACKAGES_MODULE)
	+@$(BUILDER) $(LOG_PROGRAM)
	+@$(BUILDER) $(MODULES_DIR)/ready || $(RUN_WITHOUT)
	@POSTERN=$(POSTERN) exec webserver-conf/run-pair

run-postgres: export PORT := $(or $(PORT),8080)
run-postgres: build ## the same on a PostgreSQL server of its own
	@.ci/install $(PACKAGES_MODULE) postgresql
	+@$(BUILDER) $(LOG_PROGRAM)
	+@$(BUILDER) $(MODULES_DIR)/ready || $(RUN_WITHOUT)
	@POSTERN=$(POSTERN) exec webserver-conf/run-postgres

# An image is built without them.
include $(wildcard tests/tests.mk)

# ---- Images

images: ## build the container images app and web
	@VERSION='$(VERSION)' images/engine images/build

images-reproducible: ## build them twice and compare every file
	@VERSION='$(VERSION)' images/engine tests/stack/reproducible

# ---- Cloud

iac-fmt: ## format the Terraform files, and write their tables of inputs and outputs
	@terraform fmt -recursive iac
	@iac/bin/tables

iac-validate: ## check the Terraform files' form and types
	@terraform fmt -check -diff -recursive iac
	@iac/bin/tables --check
	@iac/bin/validate

iac-test: ## the Terraform files' own tests, with mock providers
	@iac/bin/validate --test

# These four run wherever Terraform, the AWS CLI and Docker do; each names the tools that are missing.
NEED_IAC := ! command -v dpkg-query >/dev/null || .ci/install $(PACKAGES_IAC)

plan: ## show what make deploy would change in AWS
	@$(NEED_IAC)
	@iac/bin/plan

# Terraform, the AWS CLI and the emulator are no Debian packages; tests/iac/run says where to get them.
test-iac: ## prove iac/: its own tests, and all of it applied to an emulator of AWS
	@.ci/install $(PACKAGES_TEST_IAC) $(PACKAGES_BUILD)
	+@$(BUILDER) $(POSTERN)
	@POSTERN=$(POSTERN) tests/iac/run

deploy: ## build the images and deploy to AWS (about 0.55 USD an hour); asks first, unless YES=yes
	@$(NEED_IAC)
	@iac/bin/deploy

destroy: ## delete what make deploy made; asks first, unless YES=yes
	@$(NEED_IAC)
	@iac/bin/destroy

doctor: ## find why a consumer cannot connect (ARGS='--endpoint-id vpce-…')
	@$(NEED_IAC)
	@iac/bin/doctor $(ARGS)

topology: ## draw iac/topology.svg anew
	@.ci/install graphviz
	$(Q)dot -Tsvg iac/topology.dot -o iac/topology.svg

# ---- Tidying

format: ## format the C files
	$(Q)clang-format -i $(C_FILES)

clean: ## remove what was built
	rm -rf --one-file-system build

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
