// Sends syslog lines at a rate, over UDP or over many TCP connections, and says what they cost the process
// that received them: load udp|lines|octets PORT CONNECTIONS LINES RATE PID
//
// Every line of a connection carries its number. Over TCP it waits until the receiver has closed every
// connection, which it does after the last byte is read; over UDP it waits a second. A rate of 0 is as fast
// as it goes.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, LINE = 320 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// Seconds of processor time that a process has used.
static double processor(int pid) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    size_t count = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[count] = 0;
    const char *rest = strrchr(text, ')');
    unsigned long user = 0, system = 0;
    if (!rest || sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        return 0;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static void fail(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(71);
}

static int open_socket(int kind, int port) {
    int fd = socket(AF_INET, kind | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
    return fd;
}

static size_t line(char *into, int connection, long number) {
    int size = snprintf(into, LINE,
                        "<189>Nov 21 02:14:05 access%03d.site%02d.example lldpd[4711]: "
                        "port GigabitEthernet1/0/%ld: neighbour with serial FOC%08ld was seen again, "
                        "nothing has changed since the last time, message %ld",
                        connection, connection % 17, number % 48, number * 7919 % 100000000, number);
    return (size_t)size;
}

static void send_all(int fd, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) fail("send");
        bytes += sent;
        count -= (size_t)sent;
    }
}

int main(int argc, char **argv) {
    if (argc != 7) {
        fprintf(stderr, "usage: load udp|lines|octets PORT CONNECTIONS LINES RATE PID\n");
        return 64;
    }
    int is_udp = strcmp(argv[1], "udp") == 0, is_counted = strcmp(argv[1], "octets") == 0;
    int port = atoi(argv[2]), connections = atoi(argv[3]), pid = atoi(argv[6]);
    long lines = atol(argv[4]);
    double rate = atof(argv[5]);
    int *sockets = calloc((size_t)connections, sizeof *sockets);
    if (!sockets) fail("memory");
    for (int i = 0; i < connections; i++) sockets[i] = open_socket(is_udp ? SOCK_DGRAM : SOCK_STREAM, port);

    // A turn gives every connection a few lines, two hundred turns a second when there is a rate.
    int part = rate > 0 ? (int)(rate / 200 / connections) : BATCH;
    if (part < 1) part = 1;
    if (part > BATCH) part = BATCH;
    static char text[BATCH * LINE], body[LINE];
    double start = now(), used = processor(pid);
    long sent = 0;
    for (long turn = 0; sent < lines; turn++) {
        for (int i = 0; i < connections && sent < lines; i++) {
            size_t size = 0;
            for (int k = 0; k < part && sent < lines; k++, sent++) {
                if (is_udp) {
                    size = line(text, i, turn * part + k);
                    if (send(sockets[i], text, size, 0) < 0 && errno != ECONNREFUSED) fail("send");
                    continue;
                }
                size_t length = line(body, i, turn * part + k);
                if (is_counted) size += (size_t)sprintf(text + size, "%zu ", length);
                memcpy(text + size, body, length);
                size += length;
                if (!is_counted) text[size++] = '\n';
            }
            if (!is_udp) send_all(sockets[i], text, size);
        }
        double ahead = rate > 0 ? start + (double)sent / rate - now() : 0;
        if (ahead > 0) usleep((useconds_t)(ahead * 1e6));
    }
    for (int i = 0; !is_udp && i < connections; i++) shutdown(sockets[i], SHUT_WR);
    for (int i = 0; !is_udp && i < connections; i++) {
        char rest[64];
        while (recv(sockets[i], rest, sizeof rest, 0) > 0) continue;
    }
    double took = now() - start;
    // What was read is decided and written a moment later.
    sleep(1);
    printf("%-6s %9ld lines over %4d sockets, %7.0f a second, %5.2f CPU s a million\n", argv[1], sent,
           connections, (double)sent / took, (processor(pid) - used) / (double)sent * 1e6);
    return 0;
}
