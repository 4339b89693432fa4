// net-snmp behind a narrow door: only stdint and stddef types, because its own headers redefine what other
// C modules need (fd_set) and its constants are macros.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// One varbind in the notation of snmptrap(1): dotted OID, type letter (i u c t a o s x b), value as text.
typedef struct mutt_snmp_varbind {
    const char *oid;
    char type;
    const char *value;
} mutt_snmp_varbind;

/// A notification as net-snmp encodes it: an independent opinion for the decoder's tests.
/// `version` 1 or 2 (v2c). v1 uses `trap_oid` as its enterprise, `agent` (4 bytes), `generic`, `specific`.
/// Returns the length written to `packet`, or -1 when net-snmp refuses.
int mutt_snmp_encode(int version, const char *community, const char *trap_oid, const uint8_t *agent,
                     int generic, int specific, uint32_t uptime, const mutt_snmp_varbind *varbinds,
                     size_t count, uint8_t *packet, size_t capacity);
