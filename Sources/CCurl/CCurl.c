// strerror_r as POSIX has it.
#define _POSIX_C_SOURCE 200809L
#include "CCurl.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

// Finished easy handles kept for reuse; more than this at once is a peak that need not be remembered.
enum { IDLE_HANDLES = 64 };

typedef struct transfer {
  struct transfer *next, *previous;
  uint64_t ticket;
  CURL *easy;
  struct curl_slist *headers;
  int64_t head_read;
  int64_t body_read;
  int has_head;  // the head of a final (not 1xx) answer is complete
  int final_status;
  size_t body_count;
  uint8_t body[WEBHOOK_BODY_KEPT];
  char error[CURL_ERROR_SIZE];
} transfer;

struct webhooks {
  CURLM *multi;
  transfer *first;
  CURL *idle[IDLE_HANDLES];
  int idle_count;
  // What the last answer points to.
  uint8_t body[WEBHOOK_BODY_KEPT];
  char origin[WEBHOOK_ORIGIN_KEPT];
  char rate[WEBHOOK_RATE_KEPT];
  char error[CURL_ERROR_SIZE];
};

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static int global_failed;
static int has_bundle;  // the system's certificates stand in one file besides a folder

static void global_init(void) {
  global_failed = curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK;
  const char *bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
  has_bundle = bundle && access(bundle, R_OK) == 0;
}

webhooks *webhooks_open(int32_t connections) {
  pthread_once(&global_once, global_init);
  if (global_failed) return NULL;
  webhooks *all = calloc(1, sizeof *all);
  if (!all) return NULL;
  all->multi = curl_multi_init();
  if (!all->multi) {
    free(all);
    return NULL;
  }
  curl_multi_setopt(all->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)connections);
  curl_multi_setopt(all->multi, CURLMOPT_MAXCONNECTS, (long)connections);
  return all;
}

// Takes a transfer out of the books. Its easy handle is kept for the next one when there is room.
static void end_transfer(webhooks *all, transfer *one) {
  curl_multi_remove_handle(all->multi, one->easy);
  if (one->previous) one->previous->next = one->next;
  else all->first = one->next;
  if (one->next) one->next->previous = one->previous;
  if (all->idle_count < IDLE_HANDLES) {
    curl_easy_reset(one->easy);
    all->idle[all->idle_count++] = one->easy;
  } else {
    curl_easy_cleanup(one->easy);
  }
  curl_slist_free_all(one->headers);
  free(one);
}

void webhooks_close(webhooks *all) {
  while (all->first) end_transfer(all, all->first);
  while (all->idle_count > 0) curl_easy_cleanup(all->idle[--all->idle_count]);
  curl_multi_cleanup(all->multi);
  free(all);
}

static size_t on_body(char *data, size_t size, size_t count, void *context) {
  transfer *one = context;
  size_t bytes = size * count;
  size_t room = sizeof one->body - one->body_count;
  size_t kept = bytes < room ? bytes : room;
  memcpy(one->body + one->body_count, data, kept);
  one->body_count += kept;
  one->body_read += (int64_t)bytes;
  // Anything but `bytes` ends the transfer: an endless answer is not read to its end.
  return one->body_read > WEBHOOK_BODY_READ ? 0 : bytes;
}

static size_t on_head(char *data, size_t size, size_t count, void *context) {
  transfer *one = context;
  size_t bytes = size * count;
  one->head_read += (int64_t)bytes;
  if (one->head_read > WEBHOOK_HEAD_READ) return 0;
  if (bytes > 0 && bytes <= 2 && (data[0] == '\r' || data[0] == '\n')) {
    long status = 0;
    curl_easy_getinfo(one->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && !one->has_head) {
      one->has_head = 1;
      one->final_status = (int)status;
    }
  }
  return bytes;
}

static int is_given(const char *text) { return text && *text; }

static int set_options(transfer *one, const char *url, const uint8_t *body, size_t body_count,
                       int64_t timeout_ms, int asks, const webhook_route *route) {
  CURL *easy = one->easy;
  CURLcode code = CURLE_OK;
#define SET(option, value) \
  if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value)
  SET(CURLOPT_PRIVATE, one);
  SET(CURLOPT_ERRORBUFFER, one->error);
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_PROTOCOLS_STR, "http,https");
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  // Without this an http_proxy variable of the environment would decide where alerts go.
  SET(CURLOPT_PROXY, is_given(route->proxy) ? route->proxy : "");
  SET(CURLOPT_NOPROXY, "");
  if (is_given(route->ca)) { SET(CURLOPT_CAINFO, route->ca); }
  // Where a folder is looked into, libcurl reads the file of all certificates anew for every connection, and
  // whoever waits for the same thread waits for that: 60 to 80 ms of work each time.
  if (is_given(route->ca) || has_bundle) { SET(CURLOPT_CAPATH, (char *)NULL); }
  if (is_given(route->certificate)) { SET(CURLOPT_SSLCERT, route->certificate); }
  if (is_given(route->key)) { SET(CURLOPT_SSLKEY, route->key); }
#if LIBCURL_VERSION_NUM >= 0x075700
  // A file of certificates that was renewed in its place is seen within five minutes.
  SET(CURLOPT_CA_CACHE_TIMEOUT, 300L);
  // Whoever ends a look-up before its answer leaves it to its own thread, which then frees what it has.
  // Without this libcurl waits for that thread, and all other receivers with it: ten seconds where a name
  // server is silent.
  SET(CURLOPT_QUICK_EXIT, 1L);
#endif
  SET(CURLOPT_SSL_VERIFYPEER, 1L);
  SET(CURLOPT_SSL_VERIFYHOST, 2L);
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  SET(CURLOPT_TIMEOUT_MS, (long)timeout_ms);
  SET(CURLOPT_CONNECTTIMEOUT_MS, (long)timeout_ms);
  SET(CURLOPT_TCP_KEEPALIVE, 1L);
  SET(CURLOPT_HTTPHEADER, one->headers);
  if (asks) {
    SET(CURLOPT_HTTPGET, 1L);
    SET(CURLOPT_CUSTOMREQUEST, "OPTIONS");
  } else {
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_count);
    SET(CURLOPT_COPYPOSTFIELDS, (const char *)body);
  }
  SET(CURLOPT_WRITEFUNCTION, on_body);
  SET(CURLOPT_WRITEDATA, one);
  SET(CURLOPT_HEADERFUNCTION, on_head);
  SET(CURLOPT_HEADERDATA, one);
  if (code != CURLE_OK) return WEBHOOK_RESOURCES;
  SET(CURLOPT_URL, url);
#undef SET
  if (code == CURLE_OUT_OF_MEMORY) return WEBHOOK_RESOURCES;
  return code == CURLE_OK ? WEBHOOK_ANSWERED : WEBHOOK_INVALID;
}

static void drop_unstarted(transfer *one) {
  if (one->easy) curl_easy_cleanup(one->easy);
  curl_slist_free_all(one->headers);
  free(one);
}

int32_t webhooks_add(webhooks *all, uint64_t ticket, const char *url, const char *const *headers,
                     size_t header_count, const uint8_t *body, size_t body_count, int64_t timeout_ms,
                     int32_t asks, const webhook_route *route) {
  transfer *one = calloc(1, sizeof *one);
  if (!one) return WEBHOOK_RESOURCES;
  one->ticket = ticket;
  one->easy = all->idle_count > 0 ? all->idle[--all->idle_count] : curl_easy_init();
  int failed = one->easy ? WEBHOOK_ANSWERED : WEBHOOK_RESOURCES;
  for (size_t index = 0; index < header_count && !failed; index++) {
    struct curl_slist *longer = curl_slist_append(one->headers, headers[index]);
    if (longer) one->headers = longer;
    else failed = WEBHOOK_RESOURCES;
  }
  if (!failed) failed = set_options(one, url, body, body_count, timeout_ms, asks, route);
  if (!failed && curl_multi_add_handle(all->multi, one->easy) != CURLM_OK) failed = WEBHOOK_RESOURCES;
  if (failed) {
    drop_unstarted(one);
    return failed;
  }
  one->next = all->first;
  if (one->next) one->next->previous = one;
  all->first = one;
  return WEBHOOK_ANSWERED;
}

int32_t webhooks_cancel(webhooks *all, uint64_t ticket) {
  for (transfer *one = all->first; one; one = one->next) {
    if (one->ticket == ticket) {
      end_transfer(all, one);
      return 1;
    }
  }
  return 0;
}

int32_t webhooks_perform(webhooks *all) {
  int running = 0;
  return curl_multi_perform(all->multi, &running) == CURLM_OK ? 0 : WEBHOOK_RESOURCES;
}

static int failure_of(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return WEBHOOK_INVALID;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return WEBHOOK_RESOLVE;
    case CURLE_COULDNT_CONNECT:
      return WEBHOOK_CONNECT;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return WEBHOOK_CERTIFICATE;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return WEBHOOK_TLS;
    case CURLE_OPERATION_TIMEDOUT:
      return WEBHOOK_TIMEOUT;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
      return WEBHOOK_RESOURCES;
    default:
      return WEBHOOK_BROKEN;
  }
}

// `type`: the value of a Content-Type, or NULL.
static int32_t is_html(const char *type) {
  static const char *const pages[] = {"text/html", "application/xhtml+xml"};
  if (!type) return 0;
  while (*type == ' ' || *type == '\t') type++;
  size_t length = strcspn(type, "; \t");
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
    if (length == strlen(pages[i]) && strncasecmp(type, pages[i], length) == 0) return 1;
  return 0;
}

// The value of a header of the final answer, cut to `room` bytes with its end; NULL: there is none.
static const char *copy_header(transfer *one, const char *name, char *target, size_t room) {
  struct curl_header *header = NULL;
  if (curl_easy_header(one->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK) return NULL;
  strncpy(target, header->value, room - 1);
  target[room - 1] = 0;
  return target;
}

static void fill(webhooks *all, webhook_answer *answer, transfer *one, CURLcode code) {
  answer->ticket = one->ticket;
  answer->retry_after = -1;
  answer->is_html = 0;
  answer->status = 0;
  answer->body_count = 0;
  answer->body = all->body;
  answer->origin = NULL;
  answer->rate = NULL;
  answer->error = all->error;
  all->error[0] = 0;
  if (one->has_head) {
    // The receiver has spoken. A body that is cut, endless or too slow changes nothing about it.
    answer->failure = WEBHOOK_ANSWERED;
    answer->status = one->final_status;
    curl_off_t seconds = 0;
    struct curl_header *header = NULL;
    if (curl_easy_header(one->easy, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK
        && curl_easy_getinfo(one->easy, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK)
      answer->retry_after = seconds < 0 ? 0 : (int64_t)seconds;  // a date may lie in the past
    char *type = NULL;
    if (curl_easy_getinfo(one->easy, CURLINFO_CONTENT_TYPE, &type) == CURLE_OK)
      answer->is_html = is_html(type);
    answer->origin = copy_header(one, "WebHook-Allowed-Origin", all->origin, sizeof all->origin);
    answer->rate = copy_header(one, "WebHook-Allowed-Rate", all->rate, sizeof all->rate);
    answer->body_count = one->body_count;
    memcpy(all->body, one->body, one->body_count);
    return;
  }
  answer->failure = failure_of(code);
  // Once the request is out, a scheme that is unknown is an answer that is no HTTP, and memory that is short
  // is a header line beyond libcurl's own limit: the receiver's doing, not ours.
  long request_size = 0, system_error = 0;
  curl_easy_getinfo(one->easy, CURLINFO_REQUEST_SIZE, &request_size);
  if (request_size > 0 && (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_OUT_OF_MEMORY))
    answer->failure = WEBHOOK_BROKEN;
  // Where the proxy opened no way, no answer behind it can have come.
  long proxy_status = 0;
  curl_easy_getinfo(one->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  if (proxy_status >= 300
      && (code == CURLE_RECV_ERROR || code == CURLE_COULDNT_CONNECT || code == CURLE_PROXY)) {
    answer->failure = WEBHOOK_PROXY;
    answer->status = (int32_t)proxy_status;
  }
  const char *words = one->error[0] ? one->error : curl_easy_strerror(code);
  curl_easy_getinfo(one->easy, CURLINFO_OS_ERRNO, &system_error);
  char system_words[128];
  if (code == CURLE_COULDNT_CONNECT && system_error != 0
      && strerror_r((int)system_error, system_words, sizeof system_words) == 0)
    words = system_words;
  strncpy(all->error, words, sizeof all->error - 1);
  all->error[sizeof all->error - 1] = 0;
}

int32_t webhooks_next(webhooks *all, webhook_answer *answer) {
  int left = 0;
  CURLMsg *message;
  while ((message = curl_multi_info_read(all->multi, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    transfer *one = NULL;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&one);
    fill(all, answer, one, message->data.result);
    end_transfer(all, one);
    return 1;
  }
  return 0;
}

int32_t webhooks_wait(webhooks *all, int32_t timeout_ms) {
  return curl_multi_poll(all->multi, NULL, 0, timeout_ms, NULL) == CURLM_OK ? 0 : WEBHOOK_RESOURCES;
}

void webhooks_wakeup(webhooks *all) { curl_multi_wakeup(all->multi); }
