// Sends alerts to a daemon over UDP, is the receiver that they are delivered to, says how long they took:
//   delivery latency HTTP-PORT UDP-PORT RATE SECONDS     in turns with the same body posted directly
//   delivery flood   HTTP-PORT UDP-PORT COUNT            how many a second one destination gets through
//   delivery burst   HTTP-PORT UDP-PORT COUNT            at the destination's rate, and a page behind them
//   delivery poison  HTTP-PORT UDP-PORT RATE SECONDS     two alerts are never taken: one 403, one 500
// Every alert carries its number and the moment it was sent (n= and t=, monotonic nanoseconds); the receiver
// is one epoll loop that looks for them in the body, answers 200 and keeps the connection.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { NUMBERS = 4000000, CONNECTIONS = 4096, ROOM = 1 << 17, BODY = 1 << 16 };

struct connection {
    size_t used;
    char bytes[ROOM];
};

static struct connection *connections[CONNECTIONS];
// By number: when it was handled first, and after how long; 0: not yet.
static int64_t *handled, *delay;
static atomic_long distinct, repeats, refused;
static char body[BODY];
static atomic_size_t body_size;
static int listener;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void rest_until(int64_t end) {
    struct timespec time = {end / 1000000000, end % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {}
}

static void fail(const char *what) {
    perror(what);
    exit(70);
}

// The answer to one body.
static const char *handle(const char *text, size_t size) {
    int64_t at = now();
    const char *found = memmem(text, size, " t=", 3);
    const char *name = found ? found : text + size;
    while (name > text && !(name[0] == 'n' && name[1] == '=')) name--;
    if (!found || name == text) return "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    long number = strtol(name + 2, NULL, 10);
    int64_t sent = strtoll(found + 3, NULL, 10);
    if (atomic_load(&body_size) == 0 && size < BODY) {
        memcpy(body, text, size);
        atomic_store(&body_size, size);
    }
    if (memmem(text, size, "poison-403", 10) || memmem(text, size, "poison-500", 10)) {
        atomic_fetch_add(&refused, 1);
        return memmem(text, size, "poison-403", 10)
                   ? "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
                   : "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
    }
    if (number >= 0 && number < NUMBERS) {
        if (handled[number]) {
            atomic_fetch_add(&repeats, 1);
        } else {
            delay[number] = at - sent;
            handled[number] = at;
            atomic_fetch_add(&distinct, 1);
        }
    }
    return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
}

// Answers every whole request of the connection; 0: it is to be closed.
static int answer(int descriptor, struct connection *one) {
    size_t start = 0;
    for (;;) {
        char *head = one->bytes + start;
        char *end = memmem(head, one->used - start, "\r\n\r\n", 4);
        if (!end) break;
        size_t length = 0;
        for (char *line = head; line && line < end; line = memchr(line, '\n', (size_t)(end - line))) {
            if (*line == '\n') line++;
            if (strncasecmp(line, "Content-Length:", 15) == 0) length = strtoul(line + 15, NULL, 10);
        }
        size_t whole = (size_t)(end - head) + 4 + length;
        if (whole > one->used - start) break;
        const char *words = handle(end + 4, length);
        if (send(descriptor, words, strlen(words), MSG_NOSIGNAL) < 0) return 0;
        start += whole;
    }
    memmove(one->bytes, one->bytes + start, one->used - start);
    one->used -= start;
    return one->used < ROOM;
}

static void *receive(void *unused) {
    (void)unused;
    int queue = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[64];
    epoll_ctl(queue, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(queue, events, 64, -1);
        for (int index = 0; index < count; index++) {
            int descriptor = events[index].data.fd;
            if (descriptor == listener) {
                int fresh = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (fresh < 0) continue;
                if (fresh >= CONNECTIONS || !(connections[fresh] = calloc(1, sizeof **connections))) {
                    close(fresh);
                    continue;
                }
                int one = 1;
                setsockopt(fresh, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                event.data.fd = fresh;
                epoll_ctl(queue, EPOLL_CTL_ADD, fresh, &event);
                continue;
            }
            struct connection *one = connections[descriptor];
            ssize_t size = recv(descriptor, one->bytes + one->used, ROOM - one->used, 0);
            if (size < 0 && errno == EAGAIN) continue;
            if (size > 0) one->used += (size_t)size;
            if (size <= 0 || !answer(descriptor, one)) {
                free(one);
                connections[descriptor] = NULL;
                close(descriptor);
            }
        }
    }
    return NULL;
}

static struct sockaddr_in loopback(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int connected(int type, int port) {
    int descriptor = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in address = loopback(port);
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
    if (type == SOCK_STREAM) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return descriptor;
}

static void alert(int udp, long number, const char *words) {
    char line[256];
    int size = snprintf(line, sizeof line, "<187>1 - core%ld bench - - - n=%07ld t=%019lld %s", number % 50,
                        number, (long long)now(), words);
    if (send(udp, line, (size_t)size, 0) < 0) perror("send");
}

// Posts the body of an alert with another number and time over a connection that is kept.
static void post(int tcp, long number) {
    static char request[BODY + 512];
    char copy[BODY], stamp[64];
    size_t size = atomic_load(&body_size);
    memcpy(copy, body, size);
    // Every place where the text stands in the payload.
    for (char *place = copy; (place = memmem(place, size - (size_t)(place - copy), " t=", 3)); place += 3) {
        snprintf(stamp, sizeof stamp, "%019lld", (long long)now());
        memcpy(place + 3, stamp, 19);
        char *name = place;
        while (name > copy && !(name[0] == 'n' && name[1] == '=')) name--;
        char *end;
        strtol(name + 2, &end, 10);
        snprintf(stamp, sizeof stamp, "%0*ld", (int)(end - name - 2), number);
        memcpy(name + 2, stamp, (size_t)(end - name - 2));
    }
    int head = snprintf(request, sizeof request,
                        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        size);
    memcpy(request + head, copy, size);
    if (send(tcp, request, (size_t)head + size, MSG_NOSIGNAL) < 0) fail("post");
    // What was answered to earlier ones is not looked at.
    char answers[4096];
    while (recv(tcp, answers, sizeof answers, MSG_DONTWAIT) > 0) {}
}

static int by_size(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static void quantiles(const char *name, const int64_t *values, size_t count) {
    if (count == 0) {
        printf("%-22s nothing was delivered\n", name);
        return;
    }
    int64_t *sorted = malloc(count * sizeof *sorted);
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_size);
    printf("%-22s %7zu  p50 %.2f  p90 %.2f  p99 %.2f  longest %.2f ms\n", name, count,
           sorted[count / 2] / 1e6, sorted[count * 9 / 10] / 1e6, sorted[count * 99 / 100] / 1e6,
           sorted[count - 1] / 1e6);
    free(sorted);
}

// Waits until `count` numbers have come, or none has for `seconds`.
static void wait_for(long count, int seconds) {
    long last = -1;
    int64_t since = now();
    while (atomic_load(&distinct) < count) {
        if (atomic_load(&distinct) != last) {
            last = atomic_load(&distinct);
            since = now();
        }
        if (now() - since > (int64_t)seconds * 1000000000) break;
        usleep(1000);
    }
}

static void latency(int udp, int port, long rate, long seconds) {
    static int64_t through[NUMBERS], direct[NUMBERS];
    size_t through_count = 0, direct_count = 0;
    int tcp[8];
    // A body to post, and warm connections on both ways.
    alert(udp, 0, "link is down");
    wait_for(1, 30);
    for (int index = 0; index < 8; index++) tcp[index] = connected(SOCK_STREAM, port);
    long number = 1;
    for (long slice = 0; slice < 2 * seconds; slice++) {
        long first = number;
        int64_t start = now();
        for (long index = 0; index < rate; index++, number++) {
            rest_until(start + index * 1000000000 / rate);
            if (slice % 2) post(tcp[number % 8], number);
            else alert(udp, number, "link is down");
        }
        wait_for(number, 10);
        for (long index = first; index < number; index++) {
            if (!handled[index]) continue;
            if (slice % 2) direct[direct_count++] = delay[index];
            else if (slice > 1) through[through_count++] = delay[index];
        }
    }
    quantiles("through muttd", through, through_count);
    quantiles("posted directly", direct, direct_count);
}

static void flood(int udp, long count) {
    // Faster than it is delivered, and slow enough for the kernel's buffer.
    int64_t start = now();
    for (long number = 0; number < count; number++) {
        if (number % 20 == 0) rest_until(start + number * 1000000000 / 20000);
        alert(udp, number, "link is down");
    }
    double sent = (double)(now() - start) / 1e9;
    wait_for(count, 20);
    long got = atomic_load(&distinct);
    int64_t first = INT64_MAX, last = 0;
    for (long number = 0; number < count; number++) {
        if (!handled[number]) continue;
        if (handled[number] < first) first = handled[number];
        if (handled[number] > last) last = handled[number];
    }
    double took = (double)(last - first) / 1e9;
    printf("%ld of %ld delivered, %ld twice; sent in %.1f s, delivered in %.1f s: %.0f a second\n", got,
           count, atomic_load(&repeats), sent, took, (double)got / took);
}

static void burst(int udp, long count) {
    int64_t start = now();
    for (long number = 0; number < count; number++) {
        if (number % 10 == 0) rest_until(start + number * 1000000000 / 10000);
        alert(udp, number, "disk is full");
    }
    sleep(3);
    alert(udp, count, "link is down");
    wait_for(count + 1, 20);
    int64_t first = INT64_MAX, last = 0;
    for (long number = 0; number < count; number++) {
        if (!handled[number]) continue;
        if (handled[number] < first) first = handled[number];
        if (handled[number] > last) last = handled[number];
    }
    printf("%ld of %ld delivered, %ld twice, %.2f a second; the page behind them after %.0f ms\n",
           atomic_load(&distinct), count + 1, atomic_load(&repeats),
           (double)(count - 1) * 1e9 / (double)(last - first), delay[count] / 1e6);
}

static void poison(int udp, long rate, long seconds) {
    static int64_t delays[NUMBERS];
    size_t count = 0;
    int64_t start = now();
    long total = rate * seconds;
    for (long number = 0; number < total; number++) {
        rest_until(start + number * 1000000000 / rate);
        const char *words = "link is down";
        if (number == rate) words = "link is down poison-403";
        if (number == rate + 50) words = "link is down poison-500";
        alert(udp, number, words);
    }
    wait_for(total - 2, 10);
    for (long number = 0; number < total; number++)
        if (handled[number]) delays[count++] = delay[number];
    printf("%ld of %ld delivered beside two that are refused (%ld refusals)\n", atomic_load(&distinct),
           total - 2, atomic_load(&refused));
    quantiles("beside poison", delays, count);
}

int main(int count, char **words) {
    if (count < 5) {
        fprintf(stderr, "usage: delivery latency|flood|burst|poison HTTP-PORT UDP-PORT NUMBER [SECONDS]\n");
        return 64;
    }
    int port = atoi(words[2]), one = 1;
    long number = atol(words[4]), seconds = count > 5 ? atol(words[5]) : 10;
    handled = calloc(NUMBERS, sizeof *handled);
    delay = calloc(NUMBERS, sizeof *delay);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = loopback(port);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) fail("bind");
    if (listen(listener, 512) != 0) fail("listen");
    pthread_t thread;
    pthread_create(&thread, NULL, receive, NULL);
    int udp = connected(SOCK_DGRAM, atoi(words[3]));
    if (strcmp(words[1], "latency") == 0) latency(udp, port, number, seconds);
    else if (strcmp(words[1], "flood") == 0) flood(udp, number);
    else if (strcmp(words[1], "burst") == 0) burst(udp, number);
    else poison(udp, number, seconds);
    fflush(stdout);
    _exit(0);
}
