#ifndef MUTT_GATE_H
#define MUTT_GATE_H

#include <pthread.h>

/// Debian builds net-snmp without NETSNMP_REENTRANT: its tables are global and unlocked. Whoever uses the
/// tree of names, or begins, holds this.
extern pthread_mutex_t mutt_snmp_gate;

#endif
