#include "CTLS.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct mutt_tls_context {
    SSL_CTX *context;
};

struct mutt_tls {
    SSL *ssl;
    // OpenSSL must not be asked for a goodbye after an error.
    int has_failed;
};

// The first error of the queue is the cause; the rest says where it came through.
static void explain(char *text, size_t size) {
    unsigned long error = ERR_get_error();
    ERR_clear_error();
    if (size == 0) return;
    const char *reason = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error))
                         : error                 ? ERR_reason_error_string(error)
                                                 : NULL;
    snprintf(text, size, "%s", reason ? reason : "unknown error");
}

// A key that needs a passphrase must not ask for one at a terminal.
static int no_passphrase(char *buffer, int size, int writing, void *user) {
    (void)buffer, (void)size, (void)writing, (void)user;
    return 0;
}

static mutt_tls_context *fail(mutt_tls_context *made, int which, int *part, char *text, size_t size) {
    *part = which;
    explain(text, size);
    mutt_tls_context_destroy(made);
    return NULL;
}

static mutt_tls_context *make(const SSL_METHOD *method, const char *certificate, const char *key, int *part,
                              char *text, size_t size) {
    ERR_clear_error();
    mutt_tls_context *made = calloc(1, sizeof *made);
    if (!made) return NULL;
    made->context = SSL_CTX_new(method);
    if (!made->context) return fail(made, MUTT_TLS_LIBRARY, part, text, size);
    SSL_CTX *context = made->context;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    // An end without goodbye is common among senders, and no worse than the end of a plain connection.
    SSL_CTX_set_options(context,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    // A quiet connection keeps no record buffers (34 KiB).
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    if (certificate && SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        return fail(made, MUTT_TLS_CERTIFICATE, part, text, size);
    if (key && SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        // A key of another kind than the certificate's is noticed here already.
        int is_pair = ERR_GET_LIB(ERR_peek_error()) == ERR_LIB_X509;
        return fail(made, is_pair ? MUTT_TLS_PAIR : MUTT_TLS_KEY, part, text, size);
    }
    if (certificate && key && SSL_CTX_check_private_key(context) != 1)
        return fail(made, MUTT_TLS_PAIR, part, text, size);
    return made;
}

mutt_tls_context *mutt_tls_server_create(const char *certificate, const char *key, const char *client_ca,
                                         int *part, char *text, size_t size) {
    mutt_tls_context *made = make(TLS_server_method(), certificate, key, part, text, size);
    if (!made) return NULL;
    SSL_CTX_set_session_cache_mode(made->context, SSL_SESS_CACHE_OFF);
    // Senders of syslog never read. Tickets (TLS 1.3) would wait unread in their kernel, and closing a socket
    // with unread bytes resets the connection, which can take the last messages along.
    SSL_CTX_set_num_tickets(made->context, 0);
    SSL_CTX_set_session_id_context(made->context, (const unsigned char *)"muttd", 5);
    if (client_ca) {
        STACK_OF(X509_NAME) *names = NULL;
        if (SSL_CTX_load_verify_file(made->context, client_ca) != 1 ||
            !(names = SSL_load_client_CA_file(client_ca)))
            return fail(made, MUTT_TLS_CA, part, text, size);
        SSL_CTX_set_client_CA_list(made->context, names);
        SSL_CTX_set_verify(made->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    return made;
}

mutt_tls_context *mutt_tls_client_create(const char *certificate, const char *key, const char *ca, int *part,
                                         char *text, size_t size) {
    mutt_tls_context *made = make(TLS_client_method(), certificate, key, part, text, size);
    if (!made || !ca) return made;
    if (SSL_CTX_load_verify_file(made->context, ca) != 1) return fail(made, MUTT_TLS_CA, part, text, size);
    SSL_CTX_set_verify(made->context, SSL_VERIFY_PEER, NULL);
    return made;
}

void mutt_tls_context_destroy(mutt_tls_context *context) {
    if (!context) return;
    SSL_CTX_free(context->context);
    free(context);
}

static int64_t seconds(const ASN1_TIME *time) {
    struct tm parts;
    if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return (int64_t)timegm(&parts);
}

void mutt_tls_validity(const mutt_tls_context *context, int64_t *from, int64_t *to) {
    const X509 *certificate = SSL_CTX_get0_certificate(context->context);
    *from = certificate ? seconds(X509_get0_notBefore(certificate)) : 0;
    *to = certificate ? seconds(X509_get0_notAfter(certificate)) : 0;
}

static mutt_tls *attach(mutt_tls_context *context, int fd) {
    mutt_tls *tls = calloc(1, sizeof *tls);
    if (!tls) return NULL;
    tls->ssl = SSL_new(context->context);
    if (!tls->ssl || SSL_set_fd(tls->ssl, fd) != 1) {
        ERR_clear_error();
        SSL_free(tls->ssl);
        free(tls);
        return NULL;
    }
    return tls;
}

mutt_tls *mutt_tls_accept(mutt_tls_context *context, int fd) {
    mutt_tls *tls = attach(context, fd);
    if (tls) SSL_set_accept_state(tls->ssl);
    return tls;
}

mutt_tls *mutt_tls_connect(mutt_tls_context *context, int fd, const char *address) {
    mutt_tls *tls = attach(context, fd);
    if (!tls) return NULL;
    SSL_set_connect_state(tls->ssl);
    if (address && X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), address) != 1) {
        mutt_tls_destroy(tls);
        return NULL;
    }
    return tls;
}

void mutt_tls_destroy(mutt_tls *tls) {
    if (!tls) return;
    SSL_free(tls->ssl);
    free(tls);
}

static int fault_of(unsigned long error) {
    if (ERR_GET_LIB(error) != ERR_LIB_SSL) return MUTT_TLS_OTHER;
    int reason = ERR_GET_REASON(error);
    switch (reason) {
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return MUTT_TLS_NO_CERTIFICATE;
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            return MUTT_TLS_BAD_CERTIFICATE;
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_NO_PROTOCOLS_AVAILABLE:
        case SSL_R_VERSION_TOO_LOW:
        case SSL_R_NO_SHARED_CIPHER:
        case SSL_R_NO_SUITABLE_KEY_SHARE:
        case SSL_R_NO_SHARED_GROUPS:
        case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
            return MUTT_TLS_VERSION;
        case SSL_R_HTTP_REQUEST:
        case SSL_R_HTTPS_PROXY_REQUEST:
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_WRONG_SSL_VERSION:
        case SSL_R_UNKNOWN_PROTOCOL:
        case SSL_R_BAD_RECORD_TYPE:
        case SSL_R_RECORD_LENGTH_MISMATCH:
        case SSL_R_PACKET_LENGTH_TOO_LONG:
        case SSL_R_ENCRYPTED_LENGTH_TOO_LONG:
        case SSL_R_UNEXPECTED_MESSAGE:
        case SSL_R_UNEXPECTED_RECORD:
            return MUTT_TLS_NOT_TLS;
        default:
            // Alerts of the other side start at 1000.
            return reason >= SSL_AD_REASON_OFFSET ? MUTT_TLS_REJECTED : MUTT_TLS_OTHER;
    }
}

int mutt_tls_handshake(mutt_tls *tls, int *fault, char *text, size_t size) {
    ERR_clear_error();
    errno = 0;
    int result = SSL_do_handshake(tls->ssl);
    if (result == 1) return MUTT_TLS_DONE;
    int number = errno;
    switch (SSL_get_error(tls->ssl, result)) {
        case SSL_ERROR_WANT_READ:
            return MUTT_TLS_WANT_READ;
        case SSL_ERROR_WANT_WRITE:
            return MUTT_TLS_WANT_WRITE;
        case SSL_ERROR_SSL: {
            *fault = fault_of(ERR_peek_error());
            long verified = SSL_get_verify_result(tls->ssl);
            explain(text, size);
            size_t length = strlen(text);
            if (*fault == MUTT_TLS_BAD_CERTIFICATE && verified != X509_V_OK && length < size)
                snprintf(text + length, size - length, ": %s", X509_verify_cert_error_string(verified));
            return MUTT_TLS_FAILED;
        }
        default:
            ERR_clear_error();
            *fault = MUTT_TLS_CLOSED;
            snprintf(text, size, "%s", number ? strerror(number) : "the connection was closed");
            return MUTT_TLS_FAILED;
    }
}

int64_t mutt_tls_receive(mutt_tls *tls, uint8_t *bytes, size_t count) {
    size_t got = 0;
    ERR_clear_error();
    errno = 0;
    int result = SSL_read_ex(tls->ssl, bytes, count, &got);
    if (result == 1) return (int64_t)got;
    int number = errno;
    int error = SSL_get_error(tls->ssl, result);
    ERR_clear_error();
    switch (error) {
        case SSL_ERROR_WANT_READ:
            return -EAGAIN;
        case SSL_ERROR_WANT_WRITE:
            return -EINPROGRESS;
        case SSL_ERROR_ZERO_RETURN:
            return 0;
        case SSL_ERROR_SYSCALL:
            tls->has_failed = 1;
            return number ? -number : 0;
        default:
            tls->has_failed = 1;
            return -EPROTO;
    }
}

// What a call on a blocking descriptor ended with.
static int outcome(mutt_tls *tls, int result) {
    int number = errno;
    int error = SSL_get_error(tls->ssl, result);
    ERR_clear_error();
    tls->has_failed = error == SSL_ERROR_SYSCALL || error == SSL_ERROR_SSL;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return -ETIMEDOUT;
    return error == SSL_ERROR_SYSCALL && number ? -number : -EPROTO;
}

int mutt_tls_send(mutt_tls *tls, const uint8_t *bytes, size_t count) {
    size_t sent = 0;
    if (count == 0) return 0;
    ERR_clear_error();
    int result = SSL_write_ex(tls->ssl, bytes, count, &sent);
    return result == 1 ? 0 : outcome(tls, result);
}

int mutt_tls_finish(mutt_tls *tls) {
    if (tls->has_failed || !SSL_is_init_finished(tls->ssl)) return 0;
    ERR_clear_error();
    int result = SSL_shutdown(tls->ssl);
    return result >= 0 ? 0 : outcome(tls, result);
}
