# Logic lives in tools/. Always the distribution's Python, the one that QGIS uses, whatever comes first on PATH.
PYTHON := /usr/bin/python3

.PHONY: help demo demo-sensors test test-cluster cluster-demo compat hostile soak bench check docs freeze pictures translations zip install uninstall clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST)

demo:  ## simulate three Landsat scenes, cluster them in QGIS, draw a picture
	@$(PYTHON) tools/prepare.py demo
	@$(PYTHON) tools/demo.py

demo-sensors:  ## the same with one scene each of HLS, Landsat 9, PlanetScope and Sentinel-2 of one place
	@$(PYTHON) tools/prepare.py demo
	@$(PYTHON) tools/demo_sensors.py

test:  ## run all tests; ARGS="tests/engine -x" hands arguments to pytest
	@$(PYTHON) tools/prepare.py test
	@$(PYTHON) tools/test.py $(ARGS)

test-cluster:  ## run the longer tests with a Dask scheduler and workers; ARGS goes to pytest
	@$(PYTHON) tools/prepare.py test
	@IIKMC_CLUSTER=1 $(PYTHON) tools/test.py -n 0 tests/cluster tests/engine/runs/test_on_cluster.py $(ARGS)

cluster-demo:  ## the demonstration on a cluster of this machine, a worker of which is killed, against a local run
	@$(PYTHON) tools/prepare.py cluster
	@$(PYTHON) tools/cluster_demo.py

compat:  ## as root: all tests of the plugin in QGIS 3.22, 3.40 and 3.44, each in a Debian of its own; ARGS="--suite trixie"
	@$(PYTHON) tools/compat.py $(ARGS)

hostile:  ## run the table of hostile inputs and the fuzzing; ARGS goes to pytest
	@$(PYTHON) tools/prepare.py test
	@$(PYTHON) tools/test.py tests/hostile $(ARGS)

soak:  ## compare random jobs with a plain reference and watch memory and files; MINUTES=60, SEED= to repeat a job
	@$(PYTHON) tools/prepare.py test
	@$(PYTHON) tools/soak.py $(or $(MINUTES),60) $(SEED)

bench:  ## measure against the bare decode and other programs, write benchmarks/RESULTS.md; ARGS=--quick tries it out
	@$(PYTHON) tools/prepare.py bench
	@$(PYTHON) -m benchmarks.run $(ARGS)

check:  ## check format, lint, docstrings, types, and the security of the zip
	@$(PYTHON) tools/prepare.py check
	@$(PYTHON) tools/check.py

docs:  ## write the tables of parameters into docs/algorithms, and the model that ships with the plugin
	@$(PYTHON) tools/prepare.py demo
	@$(PYTHON) tools/doc_tables.py

freeze:  ## write down the ids, parameters and outputs that users rely on; refuses what is no growth
	@$(PYTHON) tools/prepare.py demo
	@$(PYTHON) tools/freeze.py

pictures:  ## take all pictures of the documentation again, in a QGIS window on a virtual screen
	@$(PYTHON) tools/prepare.py pictures
	@$(PYTHON) tools/pictures.py

zip:  ## build the plugin's zip into dist/
	@$(PYTHON) tools/build_zip.py

install:  ## put the plugin into your QGIS profile; PROFILE= names another than "default"
	@$(PYTHON) tools/install.py "$(or $(PROFILE),default)"

uninstall:  ## take it out again
	@$(PYTHON) tools/install.py --remove "$(or $(PROFILE),default)"

translations:  ## bring i18n/*.ts up to date with the texts in the sources, and compile them
	@$(PYTHON) tools/prepare.py translations
	@$(PYTHON) tools/translations.py

clean:  ## remove what these targets made, except .venv
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .qgis-settings
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
