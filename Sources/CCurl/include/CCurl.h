// Requests over libcurl's multi interface: POST, and OPTIONS. The header shows stdint types only; libcurl's
// own headers stay in the .c file.
#pragma once

#include <stddef.h>
#include <stdint.h>

// One multi handle with its connections. Everything but webhooks_wakeup belongs to one thread at a time.
typedef struct webhooks webhooks;

enum webhook_failure {
  WEBHOOK_ANSWERED = 0,  // the head of a final answer was complete: `status` holds
  WEBHOOK_INVALID,       // the URL is none, or of another scheme than http and https
  WEBHOOK_RESOLVE,
  WEBHOOK_CONNECT,
  WEBHOOK_TLS,
  WEBHOOK_TIMEOUT,
  WEBHOOK_BROKEN,        // closed, reset, or no HTTP before the head was complete
  WEBHOOK_RESOURCES,
  WEBHOOK_CERTIFICATE,   // a file of certificates or the key of ours cannot be used
  WEBHOOK_PROXY,         // the proxy refused the way: `status` is its answer to CONNECT
};

enum { WEBHOOK_ORIGIN_KEPT = 256, WEBHOOK_RATE_KEPT = 32 };
enum { WEBHOOK_BODY_KEPT = 4096, WEBHOOK_BODY_READ = 65536, WEBHOOK_HEAD_READ = 65536 };

typedef struct webhook_answer {
  uint64_t ticket;
  int32_t failure;      // enum webhook_failure
  int32_t status;       // 0 but for WEBHOOK_ANSWERED and WEBHOOK_PROXY
  int64_t retry_after;  // seconds; -1: none
  int32_t is_html;      // 1: Content-Type says that the body is a page
  size_t body_count;
  const uint8_t *body;  // WEBHOOK_BODY_KEPT bytes at most, until the next call of webhooks_next
  const char *origin;   // WebHook-Allowed-Origin, until then too; cut where it is longer; NULL: none
  const char *rate;     // WebHook-Allowed-Rate, likewise
  const char *error;    // libcurl's or the system's words, until then too; empty when answered
} webhook_answer;

// At most `connections` are open; idle ones are kept and used again. NULL when out of memory.
webhooks *webhooks_open(int32_t connections);

// Cuts what is under way, without telling, and frees everything.
void webhooks_close(webhooks *all);

// How to reach the receiver; NULL or empty: as the system does, without a proxy.
typedef struct webhook_route {
  const char *ca;           // file of certificates to trust, in place of the system's
  const char *certificate;  // ours, with its key
  const char *key;
  const char *proxy;
} webhook_route;

// Starts a POST, or an OPTIONS without a body where `asks` is not 0. `headers` are complete lines without
// line ends; all arguments are copied. Returns 0 or a webhook_failure.
int32_t webhooks_add(webhooks *all, uint64_t ticket, const char *url, const char *const *headers,
                     size_t header_count, const uint8_t *body, size_t body_count, int64_t timeout_ms,
                     int32_t asks, const webhook_route *route);

// Cuts the request of this ticket; no answer comes for it. Returns 1 when it was under way.
int32_t webhooks_cancel(webhooks *all, uint64_t ticket);

// Moves data as far as it goes without waiting. Returns 0 unless the multi handle is unusable.
int32_t webhooks_perform(webhooks *all);

// Takes the next finished request; 0 when there is none.
int32_t webhooks_next(webhooks *all, webhook_answer *answer);

// Waits for the network, a wake-up or the time, whichever is first.
int32_t webhooks_wait(webhooks *all, int32_t timeout_ms);

// Ends the wait, from any thread.
void webhooks_wakeup(webhooks *all);
