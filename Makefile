# Every target does all set-up itself; make venv is the part they share.

# The first Python >= 3.12 that answers, on PATH or among pyenv's versions.
CANDIDATES = python3.12 python3.13 python3.14 python3 python \
	"$$HOME"/.pyenv/versions/3.12*/bin/python "$$HOME"/.pyenv/versions/3.1[3-9]*/bin/python
VERSION = import sys; sys.exit(sys.version_info < (3, 12))

INSTALL = install --constraint constraints.txt --editable '.[fenics,rivals,test,notebooks]' --disable-pip-version-check

INSTALL_DOCS = install --quiet --constraint constraints.txt --editable '.[docs]' --disable-pip-version-check

INSTALL_RELEASE = install --quiet --constraint constraints.txt --editable '.[release]' --disable-pip-version-check

.PHONY: demo test docs search fuzz wheel dist venv clean

# Flows that another code computed, if they are here: the demo predicts them too.
REFERENCE = $(wildcard ../shared/data/openfoam/foam_alpha1.00_linearUpwind.npz ../shared/data/published/alpha_1.00.npz)

demo: venv
	.venv/bin/vcnn demo -o demo $(if $(wildcard demo/report),--force) $(addprefix --reference ,$(REFERENCE))

test: venv
	.venv/bin/ruff check .
	.venv/bin/lint-imports
	.venv/bin/python -m pytest -n auto --dist worksteal

# The site, docs/_build/html/index.html: warnings are errors, notebooks and pictures are made anew.
docs: .venv/docs-installed
	OMP_NUM_THREADS=1 .venv/bin/sphinx-build -W --keep-going -j 2 -b html docs docs/_build/html

# Property tests with examples drawn at random, where make test draws the same ones always.
SEED = $(shell date +%s)

search: venv
	.venv/bin/python -m pytest -m hypothesis --hypothesis-profile=search --hypothesis-seed=$(SEED)

# Damaged files of every format, given to the command line: what becomes of so many of them.
COUNT = 1000

fuzz: venv
	.venv/bin/python -m tests.fuzz --count $(COUNT) --seed $(SEED)

# What README.md shows, from a wheel in an environment of its own.
wheel: venv
	.venv/bin/python -m tests.readme_from_wheel

# Wheel and source distribution in dist/, checked, installed and tried in environments of their own.
dist: venv
	.venv/bin/python -m pip $(INSTALL_RELEASE)
	.venv/bin/python -m tests.distributions

venv: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	@.venv/bin/python -c '$(VERSION)' 2>/dev/null && exit 0; \
	for python in $(CANDIDATES); do \
		if "$$python" -c '$(VERSION)' 2>/dev/null; then \
			echo "1 of 3: $$("$$python" --version) makes .venv"; \
			"$$python" -m venv --clear .venv && exit 0; exit 1; \
		fi; \
	done; echo "No Python >= 3.12 found on PATH or in ~/.pyenv/versions" >&2; exit 1
	@echo "2 of 3: pip fetches what the package needs, 7 GB with PyTorch, and unpacks it in a minute or two of silence"
	@.venv/bin/python -m pip $(INSTALL)
	@echo "3 of 3: the commands in .venv/bin"; .venv/bin/vcnn --version
	@touch .venv/installed

.venv/docs-installed: .venv/installed
	.venv/bin/python -m pip $(INSTALL_DOCS)
	@touch .venv/docs-installed

clean:
	rm -rf .venv demo build dist *.egg-info docs/_build docs/_gallery docs/notebooks docs/results docs/models docs/reference/api/generated
