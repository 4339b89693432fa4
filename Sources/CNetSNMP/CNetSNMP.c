#include "CNetSNMP.h"
#include "Gate.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <pthread.h>
#include <string.h>

pthread_mutex_t mutt_snmp_gate = PTHREAD_MUTEX_INITIALIZER;
static int initialised = 0;

static void initialise(void) {
    if (initialised) return;
    initialised = 1;
    // No MIB files, no configuration files, nothing persistent: OIDs are numeric here.
    setenv("MIBS", "", 0);
    setenv("MIBDIRS", "", 0);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
    snmp_disable_log();
    init_snmp("muttd");
}

static int add(netsnmp_pdu *pdu, const char *name, char type, const char *value) {
    oid arcs[MAX_OID_LEN];
    size_t length = MAX_OID_LEN;
    if (!read_objid(name, arcs, &length)) return -1;
    return snmp_add_var(pdu, arcs, length, type, value) == 0 ? 0 : -1;
}

static netsnmp_pdu *make(int version, const char *trap_oid, const uint8_t *agent, int generic, int specific,
                         uint32_t uptime) {
    netsnmp_pdu *pdu = snmp_pdu_create(version == 1 ? SNMP_MSG_TRAP : SNMP_MSG_TRAP2);
    if (!pdu) return NULL;
    if (version == 1) {
        oid arcs[MAX_OID_LEN];
        size_t length = MAX_OID_LEN;
        if (!read_objid(trap_oid, arcs, &length)) {
            snmp_free_pdu(pdu);
            return NULL;
        }
        pdu->enterprise = snmp_duplicate_objid(arcs, length);
        pdu->enterprise_length = length;
        memcpy(pdu->agent_addr, agent, 4);
        pdu->trap_type = generic;
        pdu->specific_type = specific;
        pdu->time = uptime;
        return pdu;
    }
    char ticks[16];
    snprintf(ticks, sizeof ticks, "%u", uptime);
    if (add(pdu, "1.3.6.1.2.1.1.3.0", 't', ticks) < 0 ||
        add(pdu, "1.3.6.1.6.3.1.1.4.1.0", 'o', trap_oid) < 0) {
        snmp_free_pdu(pdu);
        return NULL;
    }
    return pdu;
}

int mutt_snmp_encode(int version, const char *community, const char *trap_oid, const uint8_t *agent,
                     int generic, int specific, uint32_t uptime, const mutt_snmp_varbind *varbinds,
                     size_t count, uint8_t *packet, size_t capacity) {
    pthread_mutex_lock(&mutt_snmp_gate);
    initialise();
    int result = -1;
    netsnmp_session session;
    snmp_sess_init(&session);
    session.version = version == 1 ? SNMP_VERSION_1 : SNMP_VERSION_2c;
    netsnmp_pdu *pdu = make(version, trap_oid, agent, generic, specific, uptime);
    if (pdu) {
        int fine = 1;
        for (size_t i = 0; i < count && fine; i++)
            fine = add(pdu, varbinds[i].oid, varbinds[i].type, varbinds[i].value) == 0;
        pdu->version = session.version;
        pdu->community = (u_char *)strdup(community);
        pdu->community_len = strlen(community);
        // net-snmp encodes from the end of its buffer towards the front; `offset` is what it has written.
        u_char *buffer = malloc(capacity);
        size_t size = capacity, offset = 0;
        if (fine && buffer && snmp_build(&buffer, &size, &offset, &session, pdu) == 0 && offset <= capacity) {
            memcpy(packet, buffer + size - offset, offset);
            result = (int)offset;
        }
        free(buffer);
        snmp_free_pdu(pdu);
    }
    pthread_mutex_unlock(&mutt_snmp_gate);
    return result;
}
