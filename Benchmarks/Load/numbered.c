// Sends syslog lines of RFC 5424 at a rate over UDP, of which each has its number in its structured data and
// at its end, so that it can be said which of them is missing: numbered PORT RATE COUNT [FIRST]
//
// What could not be sent in time, because others had the processor, is sent later and not all at once: that
// would be another rate. Prints how many were sent, and how many a second.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 32, LINE = 256 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "numbered: %s: %s\n", what, strerror(errno));
    exit(71);
}

int main(int argc, char **argv) {
    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: numbered PORT RATE COUNT [FIRST]\n");
        return 64;
    }
    double rate = atof(argv[2]), most_behind = 0.02;
    long first = argc == 5 ? atol(argv[4]) : 1, end = first + atol(argv[3]);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");

    static char lines[BATCH][LINE];
    struct iovec parts[BATCH];
    struct mmsghdr batch[BATCH] = {0};
    for (int i = 0; i < BATCH; i++) batch[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    // Few come one by one.
    int most = rate < 10000 ? 1 : BATCH;
    double begin = now(), start = begin;
    long sent = first;
    while (sent < end) {
        int count = end - sent < most ? (int)(end - sent) : most;
        for (int i = 0; i < count; i++) {
            long number = sent + i;
            int size = snprintf(lines[i], LINE,
                                "<189>1 - core1 load - - [meta sequenceId=\"%ld\"] interface Gi0/%ld "
                                "of card %ld counts %ld octets, number %ld",
                                number, number % 48, number % 7, number * 7919 % 1000003, number);
            parts[i] = (struct iovec){lines[i], (size_t)size};
        }
        int done = sendmmsg(fd, batch, (unsigned)count, 0);
        // Refused is what came before; what has just been tried was not sent.
        if (done < 0 && errno != EINTR && errno != ECONNREFUSED && errno != ENOBUFS) fail("send");
        if (done > 0) sent += done;
        double ahead = start + (double)(sent - first) / rate - now();
        if (ahead > 0) usleep((useconds_t)(ahead * 1e6));
        if (ahead < -most_behind) start -= ahead + most_behind;
    }
    printf("%ld %.0f\n", sent - first, (double)(sent - first) / (now() - begin));
    return 0;
}
