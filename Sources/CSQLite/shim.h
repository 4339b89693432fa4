#pragma once
#include <sqlite3.h>

// Variadic in C, invisible to Swift.
static inline int mutt_sqlite3_db_config_int(sqlite3 *db, int op, int value) {
    return sqlite3_db_config(db, op, value, (int *)0);
}
