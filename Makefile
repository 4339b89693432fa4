# The two commands are `make run` and `make test`; `make help` lists the others.

.PHONY: run test chaos soak fuzz build deb bench bench-accept release-check format lint clean help

# What swift-format looks after. The manifests belong to it; .build and the C rim do not.
formatted := Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources/Bench \
  Fuzz/Package.swift Fuzz/Targets

help:
	@echo "make run      build (release), start muttd with sample rules and send it a few events; Ctrl-C ends it"
	@echo "make test     build (debug) and run every test, and each fuzz target for half a minute"
	@echo "make chaos    bad receivers, kill -9 and a clock that jumps, for SECONDS=600 by SEED=1"
	@echo "make soak     20,000 events a second and a reload every minute, for SECONDS=3600: none is lost, memory stays flat"
	@echo "make fuzz     run every fuzz target for SECONDS=30, with other inputs each time"
	@echo "make build    build (release)"
	@echo "make deb      build (release) and pack it: .build/package/muttd_VERSION_ARCHITECTURE.deb"
	@echo "make bench    count instructions per event; fails on a rise of more than 5 % (Benchmarks/README.md)"
	@echo "make release-check    everything that a release goes through, in order (docs/hacking.md)"
	@echo "make format   rewrite the sources in the house format"
	@echo "make lint     say where the sources are not in the house format"
	@echo "make clean    remove what was built and what the sample run kept"

# Planning a build that has nothing to do takes swift some seconds, and the first alert should be on the screen
# sooner: make itself looks whether a source is newer than the binary.
muttd := .build/release/muttd
sources := Package.swift $(shell find Sources -type f)

run: build
	@exec scripts/run

build: $(muttd)
	@scripts/install-packages build

$(muttd): $(sources)
	@scripts/install-packages build
	swift build --configuration release --static-swift-stdlib --product muttd
	@touch -c $@

deb: build
	@scripts/install-packages package
	@scripts/package

# Two steps, so that a failing build is not mistaken for a failing test. The fuzz targets are built meanwhile, with
# what that leaves of the cores.
test:
	@scripts/install-packages build test
	@chrt --idle 0 scripts/fuzz --build & built=$$!; trap 'kill $$built 2>/dev/null' EXIT; \
	trap 'exit 130' INT; trap 'exit 143' TERM HUP; \
	swift build --build-tests && scripts/test && wait $$built && scripts/fuzz --seconds 30 --seed 1

# The same seed is the same run: what each alert meets, and when the daemon is killed.
SEED ?= 1
chaos: SECONDS = 600
chaos:
	@scripts/install-packages build test
	swift build --build-tests
	MUTTD_CHAOS_SECONDS=$(SECONDS) MUTTD_CHAOS_SEED=$(SEED) scripts/test --filter ChaosRunTests

soak: SECONDS = 3600
soak: build
	scripts/soak $(SECONDS)

# An hour each: make fuzz SECONDS=3600
SECONDS ?= 30
fuzz:
	@scripts/install-packages build
	scripts/fuzz --seconds $(SECONDS)

bench: $(if $(MUTTD_BENCH_KIT),build)
	@scripts/bench

# What `make bench` compares with is what it counts now.
bench-accept:
	@scripts/bench --accept

release-check:
	@scripts/release-check

format:
	swift format --in-place --recursive --parallel $(formatted)

lint:
	swift format lint --strict --recursive --parallel $(formatted)

clean:
	rm -rf .build .run Fuzz/.build
