// Sends the packets of a file, in hexadecimal, one a line, over and over at a rate, and says what they cost
// the process that received them: packets PORT RATE SECONDS FILE PID
//
// A rate of 0 is as fast as it goes. A packet goes out as it stands, so what a receiver checks of its time
// has to hold while this runs.
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

enum { BATCH = 32, KINDS = 16384, SIZE = 2048 };

static struct iovec packets[KINDS];
static int kinds;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "packets: %s: %s\n", what, strerror(errno));
    exit(71);
}

// Seconds of processor time that a process has used, and of them those of the kernel; the processes that it
// started count when they have ended.
static double processor(int pid, double *kernel) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    unsigned long user = 0, system = 0;
    long childUser = 0, childSystem = 0;
    const char *rest = strrchr(text, ')');
    if (!rest || sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld",
                        &user, &system, &childUser, &childSystem) != 4)
        fail(path);
    double ticks = (double)sysconf(_SC_CLK_TCK);
    *kernel = (double)((long)system + childSystem) / ticks;
    return (double)((long)(user + system) + childUser + childSystem) / ticks;
}

static void read_packets(const char *path) {
    static char line[2 * SIZE + 2];
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    while (kinds < KINDS && fgets(line, sizeof line, file)) {
        size_t count = strcspn(line, "\n") / 2;
        if (count == 0) continue;
        unsigned char *bytes = malloc(count);
        if (!bytes) fail("memory");
        for (size_t i = 0; i < count; i++) {
            unsigned value;
            if (sscanf(line + 2 * i, "%2x", &value) != 1) fail("no hexadecimal");
            bytes[i] = (unsigned char)value;
        }
        packets[kinds++] = (struct iovec){bytes, count};
    }
    fclose(file);
    if (kinds == 0) fail("no packets");
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: packets PORT RATE SECONDS FILE PID\n");
        return 64;
    }
    double rate = atof(argv[2]), seconds = atof(argv[3]), kernel, kernelBefore;
    int pid = atoi(argv[5]), fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
    read_packets(argv[4]);

    struct mmsghdr batch[BATCH] = {0};
    // Few come one by one.
    int most = rate > 0 && rate < 10000 ? 1 : BATCH;
    double before = processor(pid, &kernelBefore), start = now();
    long sent = 0;
    while (now() - start < seconds) {
        for (int i = 0; i < most; i++) {
            batch[i].msg_hdr.msg_iov = &packets[(sent + i) % kinds];
            batch[i].msg_hdr.msg_iovlen = 1;
        }
        int count = sendmmsg(fd, batch, (unsigned)most, 0);
        if (count < 0 && errno != EINTR && errno != ECONNREFUSED) fail("send");
        if (count > 0) sent += count;
        double ahead = rate > 0 ? start + (double)sent / rate - now() : 0;
        if (ahead > 0) usleep((useconds_t)(ahead * 1e6));
    }
    double took = now() - start;
    // What waits in the socket is decided a moment later.
    sleep(1);
    double used = processor(pid, &kernel) - before;
    printf("%ld %.0f %.2f %.2f\n", sent, (double)sent / took, used / (double)sent * 1e6,
           (kernel - kernelBefore) / (double)sent * 1e6);
    return 0;
}
