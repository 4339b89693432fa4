// When valgrind counts. Outside valgrind each of these costs a few instructions and does nothing.
#pragma once

/// True under valgrind.
int bench_is_counted(void);
/// Counting begins, from zero.
void bench_begin(void);
/// What follows is not counted.
void bench_pause(void);
/// What follows is counted again.
void bench_resume(void);
/// Counting ends; the counts are written under `name`.
void bench_end(const char *name);
