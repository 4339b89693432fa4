// net-snmp's MIB parser behind a narrow door.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// What kind of thing an object is.
enum {
    MUTT_MIB_NUMBER = 1,
    MUTT_MIB_OCTETS = 2,
    MUTT_MIB_BITS = 3,
    MUTT_MIB_NOTIFICATION = 4,
};

/// An object or a notification of a MIB; everything it points to is gone after the visit.
typedef struct mutt_mib_object {
    const uint32_t *oid;
    size_t oid_count;
    const char *name;
    int32_t kind;
    /// The textual convention and the DISPLAY-HINT, empty when there is none.
    const char *convention;
    const char *hint;
    /// An enumeration's values and words.
    const int32_t *values;
    const char *const *words;
    size_t label_count;
} mutt_mib_object;

/// Called once for each object, in no order; anything but 0 ends the reading.
typedef int (*mutt_mib_visit)(void *context, const mutt_mib_object *object);
/// Called for each complaint of the parser: one line that names file and line where it knows them.
typedef void (*mutt_mib_complain)(void *context, const char *line);

/// Parses the MIB files at `paths`, one a line, each a file or a directory whose files are all read, and
/// visits what they define. What cannot be parsed is complained of and left out. The parser is global to the
/// process and not locked against other uses of net-snmp: call this before any other begins. It forgets what
/// it read.
void mutt_mib_read(const char *paths, mutt_mib_visit visit, mutt_mib_complain complain, void *context);
