# The first commands of a newcomer. What they do is in ci/ and CMakePresets.json.

JOBS ?= $(shell nproc)
SEED ?= 42

.PHONY: help setup build sim test run format
help:
	@echo "make sim     set up, build, and run atlas-sim --seed $(SEED)  (SEED=n for another)"
	@echo "make test    set up, build, and run every test"
	@echo "make run     set up, build, and serve the API with a database of its own, on loopback"
	@echo "make build   set up and build (release), in build/release"
	@echo "make format  lay out all sources by .clang-format"

setup:
	@ci/setup

build/release/build.ninja: CMakeLists.txt CMakePresets.json | setup
	cmake --preset release -DATLAS_PRECOMPILED_HEADERS=ON

build: setup build/release/build.ninja
	cmake --build --preset release --parallel $(JOBS)

sim: setup build/release/build.ninja
	cmake --build --preset release --parallel $(JOBS) --target atlas-sim
	build/release/atlas-sim --seed $(SEED)

test: build
	ctest --test-dir build/release --parallel $(JOBS) --output-on-failure --no-tests=error

run: setup build/release/build.ninja
	cmake --build --preset release --parallel $(JOBS) --target atlas-server
	build/release/atlas-server --embedded --data build/atlas-data

format:
	git ls-files -z '*.cpp' '*.hpp' | xargs -0 clang-format-19 -i
