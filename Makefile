# Two commands from a bare checkout: each makes its own environment and does the job.
PYTHON ?= python3

.PHONY: demo test check clean

demo: .venv/demo
	.venv/bin/facsinterp run studies/quickstart --out reports

test: .venv/dev
	OMP_NUM_THREADS=1 .venv/bin/python -m pytest -n 2

check: .venv/dev
	.venv/bin/ruff check facsinterp studies tests benchmarks
	.venv/bin/ruff format --check facsinterp studies tests benchmarks
	.venv/bin/mypy facsinterp studies tests benchmarks
	.venv/bin/lint-imports

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/demo: .venv/bin/python pyproject.toml constraints.txt
	.venv/bin/python -m pip install -q -c constraints.txt -e .
	touch $@

.venv/dev: .venv/bin/python pyproject.toml constraints.txt
	.venv/bin/python -m pip install -q -c constraints.txt -e .[dev]
	touch $@ .venv/demo

clean:
	rm -rf .venv build *.egg-info
