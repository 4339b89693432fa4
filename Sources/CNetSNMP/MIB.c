#include "MIB.h"
#include "Gate.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/mib_api.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

// Of one object; a longer enumeration is cut.
enum { most_labels = 1024, most_arcs = 128 };

struct reading {
    mutt_mib_visit visit;
    mutt_mib_complain complain;
    void *context;
    int ended;
    int32_t values[most_labels];
    const char *words[most_labels];
};

static int take_log(int major, int minor, void *message, void *arg) {
    (void)major;
    (void)minor;
    struct reading *reading = arg;
    struct snmp_log_message *log = message;
    // The rest says where it looks for files.
    if (!log || !log->msg || log->priority > LOG_WARNING) return 0;
    char line[512];
    size_t length = strcspn(log->msg, "\n");
    if (length >= sizeof line) length = sizeof line - 1;
    memcpy(line, log->msg, length);
    line[length] = 0;
    if (length > 0) reading->complain(reading->context, line);
    return 0;
}

static int kind_of(const struct tree *tree) {
    switch (tree->type) {
    case TYPE_NOTIFTYPE:
    case TYPE_TRAPTYPE:
        return MUTT_MIB_NOTIFICATION;
    case TYPE_OCTETSTR:
    case TYPE_OPAQUE:
        return MUTT_MIB_OCTETS;
    case TYPE_BITSTRING:
        return MUTT_MIB_BITS;
    case TYPE_OBJID:
    case TYPE_INTEGER:
    case TYPE_NETADDR:
    case TYPE_IPADDR:
    case TYPE_COUNTER:
    case TYPE_GAUGE:
    case TYPE_TIMETICKS:
    case TYPE_COUNTER64:
    case TYPE_UINTEGER:
    case TYPE_UNSIGNED32:
    case TYPE_INTEGER32:
        return MUTT_MIB_NUMBER;
    default:
        return 0;
    }
}

static void visit(struct reading *reading, const struct tree *tree, const uint32_t *oid, size_t count) {
    mutt_mib_object object = {.oid = oid, .oid_count = count, .name = tree->label, .kind = kind_of(tree)};
    if (object.kind == 0 || !tree->label) return;
    const char *convention = get_tc_descriptor(tree->tc_index);
    object.convention = convention ? convention : "";
    object.hint = tree->hint ? tree->hint : "";
    object.values = reading->values;
    object.words = reading->words;
    for (const struct enum_list *item = tree->enums; item && object.label_count < most_labels;
         item = item->next) {
        if (!item->label) continue;
        reading->values[object.label_count] = item->value;
        reading->words[object.label_count++] = item->label;
    }
    if (reading->visit(reading->context, &object) != 0) reading->ended = 1;
}

static void walk(struct reading *reading, const struct tree *tree, uint32_t *oid, size_t depth) {
    for (; tree && !reading->ended; tree = tree->next_peer) {
        if (tree->subid > UINT32_MAX) continue;
        oid[depth] = (uint32_t)tree->subid;
        visit(reading, tree, oid, depth + 1);
        if (depth + 1 < most_arcs) walk(reading, tree->child_list, oid, depth + 1);
    }
}

// Directories first: a single file may import from them.
static void read_paths(const char *paths, int directories) {
    char *copy = strdup(paths), *rest = NULL;
    struct stat about;
    for (char *path = copy ? strtok_r(copy, "\n", &rest) : NULL; path; path = strtok_r(NULL, "\n", &rest)) {
        if (stat(path, &about) != 0 || (S_ISDIR(about.st_mode) != 0) != directories) continue;
        if (directories)
            add_mibdir(path);
        else
            read_mib(path);
    }
    free(copy);
}

void mutt_mib_read(const char *paths, mutt_mib_visit visit_object, mutt_mib_complain complain,
                   void *context) {
    pthread_mutex_lock(&mutt_snmp_gate);
    static struct reading reading;
    reading.visit = visit_object;
    reading.complain = complain;
    reading.context = context;
    reading.ended = 0;
    // Neither Debian's MIBs nor anybody's configuration: only what `paths` name.
    setenv("MIBS", "", 1);
    setenv("MIBDIRS", "", 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_MIB_ERRORS, 1);
    netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_MIB_WARNINGS, 0);
    snmp_disable_log();
    snmp_enable_calllog();
    snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, take_log, &reading);
    netsnmp_set_mib_directory("");
    netsnmp_init_mib();
    read_paths(paths, 1);
    read_all_mibs();
    read_paths(paths, 0);
    uint32_t oid[most_arcs];
    walk(&reading, get_tree_head(), oid, 0);
    shutdown_mib();
    // Whoever reads a dotted number by net-snmp needs a tree, if only an empty one.
    netsnmp_init_mib();
    snmp_unregister_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, take_log, &reading, 0);
    snmp_disable_calllog();
    pthread_mutex_unlock(&mutt_snmp_gate);
}
