# The commands of the course. They need Python 3.11, 3.12 or 3.13 and make, nothing else.

first_that_fits = $(shell for python in $(1); do \
	"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && echo "$$python" && break; done)
PYTHON ?= $(call first_that_fits,python3 python3.13 python3.12 python3.11 python)
NAMED = $(if $(filter command environment,$(origin PYTHON)),--named)
RUN = .venv/bin/python
SUBMISSIONS ?= $(error say what to grade: make grade SUBMISSIONS=download.zip)
TO ?= $(error say where: make student-copy TO=../cnn-for-students)
REPO ?= $(error say which repository: make address REPO=owner/name)

define check_python
	@test -n "$(PYTHON)" || { echo "The course needs Python 3.11, 3.12 or 3.13, and none was found." \
		"Get one from python.org or your system's packages; if it is there under another name," \
		"say so: make PYTHON=/path/to/python …" >&2; exit 1; }
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here: make PYTHON=… takes the" \
		"name or path of a Python 3.11, 3.12 or 3.13." >&2; exit 1; }
endef

.DEFAULT_GOAL := help
.PHONY: help environment book serve zip pdf slides student-copy check test colab-test execute exercises tidy train bench links lock address grade grade-soak clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

environment: ## make .venv, if requirements.lock changed since it was made
	$(check_python)
	@$(PYTHON) -m tools.environment $(NAMED)

book: environment ## build the site from the stored outputs into _build/html
	@$(RUN) -m tools.book

serve: environment ## build the site, serve it on this machine and open it
	@$(RUN) -m tools.book --serve

zip: environment ## build the site and put it into one archive, for a USB stick
	@$(RUN) -m tools.book --zip

pdf: book ## print the whole book into _build/course.pdf, with a browser
	@$(RUN) -m tools.book.pdf

slides: book ## print a deck of slides for each chapter into _build/slides, with a browser
	@$(RUN) -m tools.book.slides

student-copy: environment ## write a copy without solutions, its history fresh: TO=../folder
	@$(RUN) -m tools.grading students "$(TO)"

check: environment ## in about a minute: style, notebooks' form, numbers in prose, unit tests
	@$(RUN) -m tools.check

test: environment ## run every test: code, notebooks, and the site in a browser
	@$(RUN) -m tools.run_tests $(ARGS)

colab-test: PYTHON = $(call first_that_fits,python3.12 python3 python3.13 python3.11 python)
colab-test: ## run the notebooks and the explorers' tests with Colab's versions
	$(check_python)
	@$(PYTHON) -m tools.environment .venv-colab requirements-colab.txt $(NAMED)
	@.venv-colab/bin/python -m tools.run_tests --colab $(ARGS)

execute: environment ## run every notebook in full on the real data, and store the outputs
	@$(RUN) -m tools.notebooks execute $(ARGS)
	@$(RUN) -m pytest --quiet tests/notebooks/test_full_run.py

exercises: environment ## make the exercise notebooks from their solutions
	@$(RUN) -m tools.exercises $(ARGS)

tidy: environment ## give notebooks and code their one form on disk
	@$(RUN) -m tools.notebooks tidy
	@$(RUN) -m ruff check --quiet --fix .
	@$(RUN) -m ruff format --quiet .

train: environment ## train a network for the record: ARGS="mnist_reference --seed 1"
	@$(RUN) -m tools.train $(ARGS)

bench: environment ## measure build, pages, explorers, training, tests: ARGS="book pages"
	@$(RUN) -m tools.bench $(ARGS)

links: environment ## check the links to other hosts, where there is a network
	@$(RUN) -m tools.book --check-links $(ARGS)

lock: environment ## renew requirements.lock from requirements.txt
	@$(RUN) -m tools.lock

address: environment ## put your own address into the course: REPO=owner/name
	@$(RUN) -m tools.address "$(REPO)"

grade: environment ## grade a class: SUBMISSIONS=download.zip [OUT=…] [SEED=…] [SCHEDULER=tcp://…]
	@$(RUN) -m tools.grading "$(SUBMISSIONS)" $(if $(OUT),--out "$(OUT)") $(if $(SEED),--seed "$(SEED)") \
		$(if $(SCHEDULER),--scheduler "$(SCHEDULER)") $(ARGS)

grade-soak: environment ## test grading at length: hostile hand-ins, interruptions, 200 seeds
	@CNN_COURSE_SOAK=1 $(RUN) -m pytest -n0 tests/tools/test_grading_soak.py \
		tests/tools/test_grading_sandbox.py $(ARGS)
	@CNN_COURSE_SOAK=1 $(RUN) -m pytest tests/utils/test_checks_part1.py -k 200 $(ARGS)

clean: ## remove what was built, and the environments; notebooks, data and training runs stay
	rm -rf _build/html _build/.building _build/.lock _build/cnn-course.zip _build/course.pdf _build/slides
	rm -rf .venv .venv-colab .pytest_cache .ruff_cache */.ruff_cache
