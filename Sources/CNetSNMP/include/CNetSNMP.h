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

// The cryptography of the User-based Security Model (Security.c). No call keeps or shares state: all of them
// may run on any thread at once.

/// Authentication: 0 MD5, 1 SHA-1, 2 SHA-224, 3 SHA-256, 4 SHA-384, 5 SHA-512 (RFC 3414 §6, RFC 7860).
/// Privacy: 0 DES (RFC 3414 §8), 1 AES-128 (RFC 3826), 2 AES-192, 3 AES-256 (keys extended by
/// draft-blumenthal-aes-usm-04), 4 AES-192, 5 AES-256 (keys extended as Cisco does, draft-reeder).

/// No key and no digest is longer, bytes.
enum { MUTT_USM_KEY = 128, MUTT_USM_MAC = 48 };

/// Whether the installed net-snmp knows the pair; `privacy` -1 for none. 1 or 0.
int mutt_usm_knows(int authentication, int privacy);
/// Bytes of the digest in a message, or -1.
int mutt_usm_mac_length(int authentication);
/// The key Ku of a password (RFC 3414 §A.2): a million octets are hashed. Its length, or -1.
int mutt_usm_master_key(int authentication, const uint8_t *password, size_t length, uint8_t *key);
/// The key Kul of one engine (RFC 3414 §2.6). Its length, or -1.
int mutt_usm_local_key(int authentication, const uint8_t *master, size_t length, const uint8_t *engine,
                       size_t engine_length, uint8_t *key);
/// The same for privacy, extended where the cipher wants more than the hash gives. Its length, or -1.
int mutt_usm_privacy_key(int authentication, int privacy, const uint8_t *master, size_t length,
                         const uint8_t *engine, size_t engine_length, uint8_t *key);
/// Whether the `mac_length` bytes at `mac_at` of `message` are its digest. The message is copied to `scratch`
/// (at least `length` bytes), where the digest is blanked. 1 or 0.
int mutt_usm_verify(int authentication, const uint8_t *key, size_t key_length, const uint8_t *message,
                    size_t length, size_t mac_at, size_t mac_length, uint8_t *scratch);
/// Writes the digest of `message`, whose place for it is blank, to that place. 0, or -1.
int mutt_usm_sign(int authentication, const uint8_t *key, size_t key_length, uint8_t *message, size_t length,
                  size_t mac_at);
/// `salt` is msgPrivacyParameters, 8 bytes; `plain` takes `length` bytes. Bytes written, or -1.
int mutt_usm_decrypt(int privacy, const uint8_t *key, size_t key_length, uint32_t boots, uint32_t time,
                     const uint8_t *salt, const uint8_t *cipher, size_t length, uint8_t *plain);
/// The other way; `cipher` takes `length` + 8 bytes. Bytes written, or -1.
int mutt_usm_encrypt(int privacy, const uint8_t *key, size_t key_length, uint32_t boots, uint32_t time,
                     const uint8_t *salt, const uint8_t *plain, size_t length, uint8_t *cipher);
