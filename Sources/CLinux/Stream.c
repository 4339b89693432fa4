#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

// From CLinux.c.
void mutt_read_address(const struct sockaddr_in6 *from, uint64_t *high, uint64_t *low, uint16_t *port);
socklen_t mutt_make_address(int family, uint64_t high, uint64_t low, uint16_t port,
                            struct sockaddr_in6 *into);

int mutt_tcp_listen(int family, uint64_t high, uint64_t low, uint16_t port, int v6_only, int backlog) {
    int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    int one = 1;
    if (family == 6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
    // A restart must not wait for the connections of the last run to leave TIME_WAIT.
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in6 address;
    socklen_t length = mutt_make_address(family, high, low, port, &address);
    if (bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, backlog) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int mutt_tcp_accept(int fd, mutt_peer *peer) {
    struct sockaddr_in6 from;
    socklen_t length = sizeof from;
    int client;
    do {
        client = accept4(fd, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    } while (client < 0 && errno == EINTR);
    if (client < 0) return -errno;
    mutt_read_address(&from, &peer->address_high, &peer->address_low, &peer->port);
    // A peer that vanished without a word is noticed after two and a half minutes instead of two hours.
    int one = 1, idle = 60, interval = 30, count = 3;
    setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    setsockopt(client, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(client, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(client, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    return client;
}

int64_t mutt_stream_receive(int fd, uint8_t *bytes, size_t count, int peeks) {
    ssize_t got;
    do {
        got = recv(fd, bytes, count, MSG_DONTWAIT | (peeks ? MSG_PEEK : 0));
    } while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

int mutt_tcp_connect(int family, uint64_t high, uint64_t low, uint16_t port, int timeout_ms) {
    int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    struct sockaddr_in6 address;
    socklen_t length = mutt_make_address(family, high, low, port, &address);
    // The time-out of a blocking connect(2) and of every send after it.
    struct timeval limit = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    int result;
    do {
        result = connect(fd, (struct sockaddr *)&address, length);
    } while (result < 0 && errno == EINTR);
    if (result < 0) {
        int error = errno == EINPROGRESS ? ETIMEDOUT : errno;
        close(fd);
        return -error;
    }
    return fd;
}

int mutt_stream_send(int fd, const uint8_t *bytes, size_t count) {
    size_t done = 0;
    while (done < count) {
        ssize_t sent = send(fd, bytes + done, count - done, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return errno == EAGAIN ? -ETIMEDOUT : -errno;
        done += (size_t)sent;
    }
    return 0;
}

int mutt_stream_finish(int fd) {
    // What was sent has arrived when the other side has answered our end with its own.
    if (shutdown(fd, SHUT_WR) < 0) return errno == ENOTCONN ? 0 : -errno;
    uint8_t byte;
    ssize_t got;
    do {
        got = recv(fd, &byte, 1, 0);
    } while (got > 0 || (got < 0 && errno == EINTR));
    if (got == 0) return 0;
    return errno == EAGAIN ? -ETIMEDOUT : -errno;
}

int mutt_poll_create(void) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static uint32_t interest(int events) {
    return (events & MUTT_READABLE ? EPOLLIN | EPOLLRDHUP : 0) | (events & MUTT_WRITABLE ? EPOLLOUT : 0);
}

int mutt_poll_add(int poll_fd, int fd, uint64_t tag, int events) {
    struct epoll_event event = {.events = interest(events), .data.u64 = tag};
    return epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int mutt_poll_change(int poll_fd, int fd, uint64_t tag, int events) {
    struct epoll_event event = {.events = interest(events), .data.u64 = tag};
    return epoll_ctl(poll_fd, EPOLL_CTL_MOD, fd, &event) < 0 ? -errno : 0;
}

int mutt_poll_remove(int poll_fd, int fd) {
    return epoll_ctl(poll_fd, EPOLL_CTL_DEL, fd, NULL) < 0 ? -errno : 0;
}

int mutt_poll_wait(int poll_fd, uint64_t *tags, int count, int timeout_ms) {
    struct epoll_event events[64];
    if (count > 64) count = 64;
    int ready = epoll_wait(poll_fd, events, count, timeout_ms);
    if (ready < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < ready; i++) tags[i] = events[i].data.u64;
    return ready;
}

int mutt_wake_clear(int fd) {
    uint64_t count;
    return read(fd, &count, sizeof count) < 0 && errno != EAGAIN ? -errno : 0;
}

int64_t mutt_raise_descriptor_limit(uint64_t wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    }
    return limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
}
