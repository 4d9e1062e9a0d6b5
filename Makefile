# Everyday commands. `make demo` and `make test` create everything they need.
#   make demo    the whole product on two practice CRMs, in a folder of its own
#   make test    every check and every test
#   make check   ruff, mypy --strict, import-linter
#   make lint    ruff, and put its safe fixes and format in place
#   make docs    write docs/reference and the translations again from the code, and the site in build/site, links checked
#   make fuzz    10,000 damaged rule books (FUZZ=10000) and what became of them
#   make oracle  business time beside a walk of every minute, CASES=1000000 random cases of SEED=1
#   make crash   crash cycles in every way, INSTANTS=300 KILLS=200 SEED=1, and compare with runs left in peace; PART=2/8: an eighth
#   make latency from a webhook to the stage in both CRMs through `leadline serve`, at 20 events a second (not a test)
#   make chaos   20 cycles over PEOPLE=10000 with every kind of fault at 20 %, compared with cycles left in peace
#   make calls   whole cycles for PEOPLE_OF="500 5000" people, their calls beside the fewest there could have been
#   make memory  full first pulls of PULLED="5000 20000" people, each in its own process: peak memory and time
#   make screenshots  every HTML page over the practice CRMs, as pictures to look at (needs chromium)
#   make bench   performance, ours and its peers in one run (not a test)
# Another Python: make test PYTHON=python3.13 VENV=.venv-3.13

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= 2
CASES ?= 1000000
FUZZ ?= 10000
KILLS ?= 200
PART ?= 1/1
INSTANTS ?= 300
PEOPLE_OF ?= 500 5000
PULLED ?= 5000 20000
PEOPLE ?= 10000
SEED ?= 1
BIN := $(VENV)/bin
READY := $(VENV)/.leadline-ready
DEV_READY := $(VENV)/.leadline-dev-ready
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: latency screenshots help demo test check lint docs calls memory fuzz oracle crash chaos bench practice clean

help:
	@sed -n '2,15s/^# *//p' Makefile

demo: $(READY)
	$(BIN)/leadline demo

test: check
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: $(DEV_READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/reference.py --check
	$(BIN)/python scripts/translations.py --check

lint: $(DEV_READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(DEV_READY)
	$(BIN)/python scripts/reference.py
	$(BIN)/python scripts/translations.py
	$(BIN)/python -m sphinx --builder dirhtml --fail-on-warning --keep-going --quiet docs build/site

oracle: $(DEV_READY)
	$(BIN)/python -m tests.rules.business_time.oracle --cases $(CASES) --seed $(SEED)

calls: $(DEV_READY)
	$(BIN)/python -m tests.calls --people $(PEOPLE_OF)

memory: $(DEV_READY)
	$(BIN)/python -m tests.memory --people $(PULLED)

fuzz: $(DEV_READY)
	$(BIN)/python -m tests.fuzz --count $(FUZZ) --workers $(WORKERS)

crash: $(DEV_READY)
	$(BIN)/python -m tests.crash --instants $(INSTANTS) --kills $(KILLS) --seed $(SEED) --workers $(WORKERS) --part $(PART)

chaos: $(DEV_READY)
	$(BIN)/python -m tests.chaos --people $(PEOPLE) --seed $(SEED)

bench: $(DEV_READY)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[bench,fast]'
	$(BIN)/python -m benchmarks $(BENCH)

screenshots: $(DEV_READY)
	$(BIN)/python -m scripts.screenshots

latency: $(DEV_READY)
	$(BIN)/python -m benchmarks.latency --people 10000

practice: $(READY)
	$(BIN)/leadline practice

clean:
	rm -rf $(VENV) build dist demo-run .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# durable_rules is compiled from source; from Python 3.13 on it needs one name of the old C interface back.
$(READY): pyproject.toml constraints.txt scripts/preflight.py
	@$(PYTHON) scripts/preflight.py
	$(PYTHON) -m venv $(VENV)
	CPPFLAGS="$$($(PYTHON) scripts/preflight.py --cppflags)" $(BIN)/python -m pip install --quiet -c constraints.txt -e .
	@touch $(READY)

$(DEV_READY): $(READY)
	CPPFLAGS="$$($(PYTHON) scripts/preflight.py --cppflags)" $(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $(DEV_READY)
