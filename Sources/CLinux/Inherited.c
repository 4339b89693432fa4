#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

void mutt_read_address(const struct sockaddr_in6 *from, uint64_t *high, uint64_t *low, uint16_t *port);

static int option(int fd, int name) {
    int value = 0;
    socklen_t length = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &length) < 0 ? -errno : value;
}

int mutt_inherit(int fd, mutt_inherited *about) {
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) return -errno;
    int domain = option(fd, SO_DOMAIN), protocol = option(fd, SO_PROTOCOL);
    if (domain < 0) return domain;
    if (domain != AF_INET && domain != AF_INET6) return -EAFNOSUPPORT;
    if (protocol == IPPROTO_TCP && option(fd, SO_ACCEPTCONN) != 1) return -EPROTOTYPE;
    if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) return -EPROTOTYPE;
    struct sockaddr_in6 address;
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) return -errno;
    mutt_read_address(&address, &about->address_high, &about->address_low, &about->port);
    about->is_stream = protocol == IPPROTO_TCP;
    return 0;
}

// What an unprivileged socket would be granted now, as SO_RCVBUF reports it.
static int grantable(int wanted) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return 0;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
    int granted = option(fd, SO_RCVBUF);
    close(fd);
    return granted;
}

int mutt_udp_adopt(int fd, uint32_t receive_buffer) {
    int one = 1, size = (int)receive_buffer;
    if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one) < 0) return -errno;
    // Who bound it may have had the privilege to go above net.core.rmem_max; asking without it would make
    // the buffer smaller.
    int current = option(fd, SO_RCVBUF);
    if (current / 2 >= size) return 0;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) == 0) return 0;
    if (grantable(size) > current) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return 0;
}

int mutt_tcp_adopt(int fd, int backlog) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    return listen(fd, backlog) < 0 ? -errno : 0;
}
