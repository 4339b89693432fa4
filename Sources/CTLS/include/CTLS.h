// TLS for streams by OpenSSL. Only stdint and stddef types here, so that this module imports beside others.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Certificate, key and what clients must show; for any number of connections.
typedef struct mutt_tls_context mutt_tls_context;
/// One connection's side of TLS. The descriptor stays its owner's.
typedef struct mutt_tls mutt_tls;

/// Which part of a context could not be made.
enum { MUTT_TLS_CERTIFICATE = 1, MUTT_TLS_KEY, MUTT_TLS_PAIR, MUTT_TLS_CA, MUTT_TLS_LIBRARY };

/// The server's side, TLS 1.2 and 1.3: PEM files, the certificate with its chain. With `client_ca` (NULL:
/// none) clients must show a certificate that one of its authorities signed. NULL when something is wrong:
/// then `part` says which file and `text` why, as at most `size` bytes with their NUL.
mutt_tls_context *mutt_tls_server_create(const char *certificate, const char *key, const char *client_ca,
                                         int *part, char *text, size_t size);
/// The client's side. With `ca` (NULL: any certificate will do) the server's must be signed by one of its
/// authorities. `certificate` and `key` are shown to servers that ask; NULL: none.
mutt_tls_context *mutt_tls_client_create(const char *certificate, const char *key, const char *ca, int *part,
                                         char *text, size_t size);
void mutt_tls_context_destroy(mutt_tls_context *context);
/// Seconds since 1970 from which and up to which the certificate holds; 0 when it cannot be told.
void mutt_tls_validity(const mutt_tls_context *context, int64_t *from, int64_t *to);

/// The server's side of a connection, or NULL without memory.
mutt_tls *mutt_tls_accept(mutt_tls_context *context, int fd);
/// The client's side. `address` (NULL: not checked) must stand in the server's certificate.
mutt_tls *mutt_tls_connect(mutt_tls_context *context, int fd, const char *address);
/// Forgets the connection; the descriptor is not touched any more.
void mutt_tls_destroy(mutt_tls *tls);

enum { MUTT_TLS_DONE = 0, MUTT_TLS_WANT_READ = 1, MUTT_TLS_WANT_WRITE = 2, MUTT_TLS_FAILED = 3 };
/// Why a handshake failed.
enum {
    MUTT_TLS_NO_CERTIFICATE = 0,
    MUTT_TLS_BAD_CERTIFICATE,
    MUTT_TLS_REJECTED,
    MUTT_TLS_VERSION,
    MUTT_TLS_NOT_TLS,
    MUTT_TLS_CLOSED,
    MUTT_TLS_OTHER
};
/// Goes on with the handshake: one of MUTT_TLS_DONE … FAILED; then `fault` and `text` say why.
int mutt_tls_handshake(mutt_tls *tls, int *fault, char *text, size_t size);
/// Bytes that came, 0 at the end of the stream, -EAGAIN when more has to come first, -EINPROGRESS when
/// something has to be sent first, or another -errno.
int64_t mutt_tls_receive(mutt_tls *tls, uint8_t *bytes, size_t count);
/// Sends all of it on a blocking descriptor: 0, or -errno.
int mutt_tls_send(mutt_tls *tls, const uint8_t *bytes, size_t count);
/// Says that nothing more comes, if TLS was agreed upon and has not failed. 0, or -errno.
int mutt_tls_finish(mutt_tls *tls);
