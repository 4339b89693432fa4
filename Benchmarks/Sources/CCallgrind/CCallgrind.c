#include "CCallgrind.h"

#include <valgrind/callgrind.h>

int bench_is_counted(void) { return RUNNING_ON_VALGRIND != 0; }

void bench_begin(void) {
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
}

void bench_pause(void) { CALLGRIND_TOGGLE_COLLECT; }

void bench_resume(void) { CALLGRIND_TOGGLE_COLLECT; }

void bench_end(const char *name) {
    CALLGRIND_DUMP_STATS_AT(name);
    CALLGRIND_STOP_INSTRUMENTATION;
}
