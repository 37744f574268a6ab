# make test    the tests, in the environment of requirements.lock (made if needed), in three processes; PYTEST=tests/phones for
#              some of them, TEST_PROCESSES=0 for one process
# make help    the texts that --help shows, in local/help, of what the options are now
# make docs    the pages, in site/: open site/index.html
# make format  what ruff mends by itself: the order of imports, long rows, quotes
# make lint    ruff (rules and format), mypy --strict, shellcheck
# make lock    write requirements.lock anew from pyproject.toml
# make bench   time and memory against alternatives; ONLY=select for one part, CHECKOUT=DIR for another checkout besides
# make sizes   time and memory of one update and one prune of upstreams of their published sizes; SIZES="wav2vec2-base sew-small"
#              for some of them, else every one for which there is memory
# make quick   the quick study, as ./run.sh
SHELL := /bin/bash
PARP_VENV ?= $(CURDIR)/.venv
export PARP_VENV
BIN := $(PARP_VENV)/bin
# Three on two cores: one of them waits for schedulers most of its time.
TEST_PROCESSES ?= 3
# Every shell script that git knows, or would know.
SCRIPTS = $(shell git ls-files --cached --others --exclude-standard '*.sh' '*.pl' .ci/run)

.PHONY: environment test help docs format lint lock bench sizes quick

environment:
	@local/environment.sh

test: environment
	"$(BIN)/python" -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(PYTEST)

# --help of phn.sh and others takes neither Python nor an environment.
HELP = COLUMNS=100 local/whole.sh
OF = "$(BIN)/python" -P -m parp_espnet.bin

help: environment
	$(HELP) local/help/phn.sh.txt $(OF).run_stages phn.sh -- --help
	$(HELP) local/help/glue.sh.txt $(OF).run_stages glue.sh -- --help
	$(HELP) local/help/study.txt $(OF).study plan --help
	$(HELP) local/help/pretrain.txt $(OF).pretrain plan --help
	$(HELP) local/help/pretrain_xlnet.txt $(OF).pretrain_xlnet --help

# The variable: mkdocs-material speaks of its successor at every start. The pages that are there stay until all are made.
docs: environment
	NO_MKDOCS_2_WARNING=1 "$(BIN)/python" -m mkdocs build --strict --site-dir site.tmp
	rm -rf site && mv site.tmp site

format: environment
	"$(BIN)/ruff" check --fix .
	"$(BIN)/ruff" format .

lint: environment
	"$(BIN)/ruff" check .
	"$(BIN)/ruff" format --check .
	"$(BIN)/mypy"
	"$(BIN)/shellcheck" --external-sources --source-path=SCRIPTDIR --source-path=. $(SCRIPTS)

# The newest versions that pyproject.toml allows, for every platform and Python that it allows.
lock:
	"$(BIN)/python" -m pip install --quiet uv
	"$(BIN)/uv" pip compile pyproject.toml --extra dev --universal --python-version 3.12 --upgrade \
		--no-emit-index-url --custom-compile-command 'make lock' --output-file requirements.lock.tmp
	mv requirements.lock.tmp requirements.lock

bench: environment
	"$(BIN)/python" -m parp_espnet.bin.bench --only "$(ONLY)" $(if $(CHECKOUT),--checkout "$(CHECKOUT)")

sizes: environment
	"$(BIN)/python" -m parp_espnet.bin.real_sizes $(SIZES)

quick:
	./run.sh
