#pragma once
#include <sqlite3.h>

// Variadic in C, invisible to Swift.
static inline int mutt_sqlite3_db_config_int(sqlite3 *db, int op, int value) {
    return sqlite3_db_config(db, op, value, (int *)0);
}

// GNU's own, which the C library shows to nobody who has not asked for it.
extern int sync_file_range(int file, long offset, long count, unsigned flags);

// Has the disk begin with what of a file it has not got; waits for none of it.
static inline void mutt_begin_write_back(int file) { (void)sync_file_range(file, 0, 0, 2 /* WRITE */); }
