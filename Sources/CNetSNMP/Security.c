#include "CNetSNMP.h"

#include <arpa/inet.h>
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <pthread.h>
#include <string.h>

static const int authentications[] = {
    USM_CREATE_USER_AUTH_MD5,    USM_CREATE_USER_AUTH_SHA1,   USM_CREATE_USER_AUTH_SHA224,
    USM_CREATE_USER_AUTH_SHA256, USM_CREATE_USER_AUTH_SHA384, USM_CREATE_USER_AUTH_SHA512,
};
static const int privacies[] = {
    USM_CREATE_USER_PRIV_DES,    USM_CREATE_USER_PRIV_AES,          USM_CREATE_USER_PRIV_AES192,
    USM_CREATE_USER_PRIV_AES256, USM_CREATE_USER_PRIV_AES192_CISCO, USM_CREATE_USER_PRIV_AES256_CISCO,
};

enum { SALT = 8, DES_KEY = 8 };

static pthread_once_t once = PTHREAD_ONCE_INIT;

// Whatever net-snmp has to say would go to stderr, into the midst of our log; every failure is returned too.
static void silence(void) { netsnmp_register_loghandler(NETSNMP_LOGHANDLER_NONE, LOG_DEBUG); }

/// The OID by which net-snmp knows an algorithm, or NULL.
static oid *authentication_oid(int authentication, size_t *length) {
    pthread_once(&once, silence);
    if (authentication < 0 || authentication >= (int)(sizeof authentications / sizeof *authentications))
        return NULL;
    return (oid *)sc_get_auth_oid(authentications[authentication], length);
}

static const netsnmp_priv_alg_info *privacy_info(int privacy) {
    if (privacy < 0 || privacy >= (int)(sizeof privacies / sizeof *privacies)) return NULL;
    return sc_get_priv_alg_bytype((u_int)privacies[privacy]);
}

int mutt_usm_knows(int authentication, int privacy) {
    size_t length;
    if (!authentication_oid(authentication, &length) || mutt_usm_mac_length(authentication) < 1) return 0;
    return privacy < 0 || privacy_info(privacy) != NULL;
}

int mutt_usm_mac_length(int authentication) {
    size_t length;
    if (!authentication_oid(authentication, &length)) return -1;
    int bytes = sc_get_auth_maclen(authentications[authentication]);
    return bytes > 0 && bytes <= MUTT_USM_MAC ? bytes : -1;
}

int mutt_usm_master_key(int authentication, const uint8_t *password, size_t length, uint8_t *key) {
    size_t oid_length, key_length = MUTT_USM_KEY;
    oid *type = authentication_oid(authentication, &oid_length);
    if (!type || generate_Ku(type, (u_int)oid_length, password, length, key, &key_length) != SNMPERR_SUCCESS)
        return -1;
    return (int)key_length;
}

int mutt_usm_local_key(int authentication, const uint8_t *master, size_t length, const uint8_t *engine,
                       size_t engine_length, uint8_t *key) {
    size_t oid_length, key_length = MUTT_USM_KEY;
    oid *type = authentication_oid(authentication, &oid_length);
    if (!type || generate_kul(type, (u_int)oid_length, engine, engine_length, master, length, key,
                              &key_length) != SNMPERR_SUCCESS)
        return -1;
    return (int)key_length;
}

int mutt_usm_privacy_key(int authentication, int privacy, const uint8_t *master, size_t length,
                         const uint8_t *engine, size_t engine_length, uint8_t *key) {
    const netsnmp_priv_alg_info *info = privacy_info(privacy);
    int local = mutt_usm_local_key(authentication, master, length, engine, engine_length, key);
    if (!info || local < 1) return -1;
    size_t oid_length, key_length = (size_t)local;
    oid *type = authentication_oid(authentication, &oid_length);
    u_char *buffer = key;
    // The buffer is large enough for every cipher, so that net-snmp extends in place and allocates nothing.
    if (netsnmp_extend_kul((u_int)info->proper_length, type, (u_int)oid_length, info->type, (u_char *)engine,
                           (u_int)engine_length, &buffer, &key_length, MUTT_USM_KEY) != SNMPERR_SUCCESS ||
        buffer != key || key_length < (size_t)info->proper_length)
        return -1;
    return (int)key_length;
}

static int digest(int authentication, const uint8_t *key, size_t key_length, const uint8_t *message,
                  size_t length, uint8_t *mac) {
    size_t oid_length, mac_length = MUTT_USM_KEY;
    oid *type = authentication_oid(authentication, &oid_length);
    return type && sc_generate_keyed_hash(type, oid_length, key, (u_int)key_length, message, (u_int)length,
                                          mac, &mac_length) == SNMPERR_SUCCESS &&
           mac_length >= (size_t)mutt_usm_mac_length(authentication);
}

int mutt_usm_verify(int authentication, const uint8_t *key, size_t key_length, const uint8_t *message,
                    size_t length, size_t mac_at, size_t mac_length, uint8_t *scratch) {
    uint8_t mac[MUTT_USM_KEY];
    if ((int)mac_length != mutt_usm_mac_length(authentication) || mac_at > length ||
        mac_length > length - mac_at)
        return 0;
    memcpy(scratch, message, length);
    memset(scratch + mac_at, 0, mac_length);
    if (!digest(authentication, key, key_length, scratch, length, mac)) return 0;
    // To the end, whatever differs: the time must not tell how much of a guess was right.
    uint8_t difference = 0;
    for (size_t i = 0; i < mac_length; i++) difference |= mac[i] ^ message[mac_at + i];
    return difference == 0;
}

int mutt_usm_sign(int authentication, const uint8_t *key, size_t key_length, uint8_t *message, size_t length,
                  size_t mac_at) {
    uint8_t mac[MUTT_USM_KEY];
    int mac_length = mutt_usm_mac_length(authentication);
    if (mac_length < 1 || mac_at > length || (size_t)mac_length > length - mac_at ||
        !digest(authentication, key, key_length, message, length, mac))
        return -1;
    memcpy(message + mac_at, mac, (size_t)mac_length);
    return 0;
}

/// The initialisation vector: RFC 3414 §8.1.1.1 for DES, RFC 3826 §3.1.2.1 for AES. Its length, or 0 for a
/// key that is too short.
static u_int make_vector(const netsnmp_priv_alg_info *info, const uint8_t *key, size_t key_length,
                         uint32_t boots, uint32_t time, const uint8_t *salt, uint8_t *vector) {
    if ((info->type & USM_PRIV_MASK_ALG) == USM_CREATE_USER_PRIV_DES) {
        if (key_length < DES_KEY + SALT) return 0;
        for (int i = 0; i < SALT; i++) vector[i] = salt[i] ^ key[DES_KEY + i];
        return SALT;
    }
    uint32_t head[2] = {htonl(boots), htonl(time)};
    memcpy(vector, head, sizeof head);
    memcpy(vector + sizeof head, salt, SALT);
    return sizeof head + SALT;
}

int mutt_usm_decrypt(int privacy, const uint8_t *key, size_t key_length, uint32_t boots, uint32_t time,
                     const uint8_t *salt, const uint8_t *cipher, size_t length, uint8_t *plain) {
    const netsnmp_priv_alg_info *info = privacy_info(privacy);
    uint8_t vector[16];
    u_int vector_length = info ? make_vector(info, key, key_length, boots, time, salt, vector) : 0;
    size_t written = length;
    // DES works on whole blocks only, and net-snmp does not ask.
    if (vector_length == 0 || length == 0 || (vector_length == SALT && length % SALT != 0)) return -1;
    if (sc_decrypt(info->alg_oid, (size_t)info->oid_len, (u_char *)key, (u_int)key_length, vector,
                   vector_length, (u_char *)cipher, (u_int)length, plain, &written) != SNMPERR_SUCCESS)
        return -1;
    return (int)written;
}

int mutt_usm_encrypt(int privacy, const uint8_t *key, size_t key_length, uint32_t boots, uint32_t time,
                     const uint8_t *salt, const uint8_t *plain, size_t length, uint8_t *cipher) {
    const netsnmp_priv_alg_info *info = privacy_info(privacy);
    uint8_t vector[16];
    u_int vector_length = info ? make_vector(info, key, key_length, boots, time, salt, vector) : 0;
    size_t written = length + SALT;
    if (vector_length == 0 || length == 0) return -1;
    if (sc_encrypt(info->alg_oid, (size_t)info->oid_len, (u_char *)key, (u_int)key_length, vector,
                   vector_length, plain, (u_int)length, cipher, &written) != SNMPERR_SUCCESS)
        return -1;
    return (int)written;
}
