#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// Room for one SCM_TIMESTAMPNS and one IPV6_PKTINFO, or the smaller IP_PKTINFO; SO_RXQ_OVFL is not asked for,
// the counter is read from SO_MEMINFO.
#define CONTROL_SIZE 80
_Static_assert(CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(struct in6_pktinfo)) <= CONTROL_SIZE,
               "the control messages of a datagram find room");

// From one slot to the next: an odd number of cache lines. With a power of two all slots would share the few
// places that a cache has for such addresses, and each datagram would push out another.
#define LINE_SIZE 64

struct mutt_slab {
    uint32_t slots, slot_size, used;
    size_t stride;
    uint8_t *memory;
    size_t memory_size;
    struct mmsghdr *messages;
    struct iovec *vectors;
    struct sockaddr_in6 *addresses;
    uint8_t *controls;
    mutt_datagram *datagrams;
};

mutt_slab *mutt_slab_create(uint32_t slots, uint32_t slot_size) {
    mutt_slab *slab = calloc(1, sizeof *slab);
    if (!slab) return NULL;
    slab->slots = slots;
    slab->slot_size = slot_size;
    // What the kernel has changed and the next receive has to set again: at first, all.
    slab->used = slots;
    slab->stride = (((size_t)slot_size + LINE_SIZE - 1) / LINE_SIZE | 1) * LINE_SIZE;
    slab->memory_size = (size_t)slots * slab->stride;
    // Mapped, not allocated: a page of a slot that only small datagrams use is never touched.
    slab->memory = mmap(NULL, slab->memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (slab->memory == MAP_FAILED) slab->memory = NULL;
    slab->messages = calloc(slots, sizeof *slab->messages);
    slab->vectors = calloc(slots, sizeof *slab->vectors);
    slab->addresses = calloc(slots, sizeof *slab->addresses);
    slab->controls = calloc(slots, CONTROL_SIZE);
    slab->datagrams = calloc(slots, sizeof *slab->datagrams);
    if (!slab->memory || !slab->messages || !slab->vectors || !slab->addresses || !slab->controls ||
        !slab->datagrams) {
        mutt_slab_destroy(slab);
        return NULL;
    }
    for (uint32_t i = 0; i < slots; i++) {
        slab->vectors[i].iov_base = slab->memory + (size_t)i * slab->stride;
        slab->vectors[i].iov_len = slot_size;
        struct msghdr *header = &slab->messages[i].msg_hdr;
        header->msg_iov = &slab->vectors[i];
        header->msg_iovlen = 1;
        header->msg_name = &slab->addresses[i];
        header->msg_control = slab->controls + (size_t)i * CONTROL_SIZE;
    }
    return slab;
}

void mutt_slab_destroy(mutt_slab *slab) {
    if (!slab) return;
    if (slab->memory) munmap(slab->memory, slab->memory_size);
    free(slab->messages);
    free(slab->vectors);
    free(slab->addresses);
    free(slab->controls);
    free(slab->datagrams);
    free(slab);
}

uint8_t *mutt_slab_bytes(const mutt_slab *slab, uint32_t slot) {
    return slab->memory + (size_t)slot * slab->stride;
}

const mutt_datagram *mutt_slab_datagrams(const mutt_slab *slab) { return slab->datagrams; }

// Shared with Stream.c.
void mutt_read_address(const struct sockaddr_in6 *from, uint64_t *high, uint64_t *low, uint16_t *port) {
    if (from->sin6_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
        *high = 0;
        *low = 0x0000FFFF00000000ull | ntohl(v4->sin_addr.s_addr);
        *port = ntohs(v4->sin_port);
    } else {
        uint64_t parts[2];
        memcpy(parts, &from->sin6_addr, sizeof parts);
        *high = __builtin_bswap64(parts[0]);
        *low = __builtin_bswap64(parts[1]);
        *port = ntohs(from->sin6_port);
    }
}

int mutt_slab_receive(mutt_slab *slab, int fd) {
    // The kernel changes exactly these fields of every message it fills.
    for (uint32_t i = 0; i < slab->used; i++) {
        struct msghdr *header = &slab->messages[i].msg_hdr;
        header->msg_namelen = sizeof slab->addresses[i];
        header->msg_controllen = CONTROL_SIZE;
        header->msg_flags = 0;
    }
    int count;
    do {
        count = recvmmsg(fd, slab->messages, slab->slots, MSG_DONTWAIT, NULL);
    } while (count < 0 && errno == EINTR);
    // Of a receive that failed the first message may have been changed.
    slab->used = count < 1 ? 1 : (uint32_t)count;
    if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
    for (int i = 0; i < count; i++) {
        struct msghdr *header = &slab->messages[i].msg_hdr;
        mutt_datagram *datagram = &slab->datagrams[i];
        datagram->length = slab->messages[i].msg_len;
        datagram->is_truncated = (header->msg_flags & MSG_TRUNC) != 0;
        datagram->timestamp_ns = 0;
        mutt_read_address(&slab->addresses[i], &datagram->address_high, &datagram->address_low,
                          &datagram->port);
        for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
            if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
                struct timespec stamp;
                memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
                datagram->timestamp_ns = (int64_t)stamp.tv_sec * 1000000000 + stamp.tv_nsec;
                // The kernel puts it first; where the datagram was sent to is read when that is asked for.
                break;
            }
        }
    }
    return count;
}

mutt_path mutt_slab_path(const mutt_slab *slab, uint32_t slot) {
    mutt_path path = {0, 0, 0};
    struct msghdr *header = &slab->messages[slot].msg_hdr;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            // Of a broadcast, the address of the interface it came to.
            path.local_low = 0x0000FFFF00000000ull | ntohl(info.ipi_spec_dst.s_addr);
            path.interface = (uint32_t)info.ipi_ifindex;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            uint64_t parts[2];
            memcpy(&info, CMSG_DATA(c), sizeof info);
            memcpy(parts, &info.ipi6_addr, sizeof parts);
            path.local_high = __builtin_bswap64(parts[0]);
            path.local_low = __builtin_bswap64(parts[1]);
            path.interface = info.ipi6_ifindex;
        }
    }
    // The scope of a link-local peer: in a VRF the interface, where the control message names the VRF.
    const struct sockaddr_in6 *from = &slab->addresses[slot];
    if (from->sin6_family == AF_INET6 && from->sin6_scope_id) path.interface = from->sin6_scope_id;
    return path;
}

int mutt_slab_put(mutt_slab *slab, uint32_t slot, const uint8_t *bytes, uint32_t length,
                  mutt_datagram about) {
    if (slot >= slab->slots) return -1;
    uint32_t kept = length < slab->slot_size ? length : slab->slot_size;
    memcpy(mutt_slab_bytes(slab, slot), bytes, kept);
    slab->datagrams[slot] = about;
    slab->datagrams[slot].length = kept;
    if (kept < length) slab->datagrams[slot].is_truncated = 1;
    // The kernel has said nothing of this one.
    slab->messages[slot].msg_hdr.msg_controllen = 0;
    slab->addresses[slot].sin6_family = AF_UNSPEC;
    if (slab->used <= slot) slab->used = slot + 1;
    return 0;
}

// Shared with Stream.c.
socklen_t mutt_make_address(int family, uint64_t high, uint64_t low, uint16_t port,
                            struct sockaddr_in6 *into) {
    memset(into, 0, sizeof *into);
    if (family == 4) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)into;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        v4->sin_addr.s_addr = htonl((uint32_t)low);
        return sizeof *v4;
    }
    into->sin6_family = AF_INET6;
    into->sin6_port = htons(port);
    uint64_t parts[2] = {__builtin_bswap64(high), __builtin_bswap64(low)};
    memcpy(&into->sin6_addr, parts, sizeof parts);
    return sizeof *into;
}

static int udp_socket(int family) {
    return socket(family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

int mutt_udp_listen(int family, uint64_t high, uint64_t low, uint16_t port, int v6_only, int share_port,
                    uint32_t receive_buffer) {
    int fd = udp_socket(family);
    if (fd < 0) return -errno;
    int one = 1, size = (int)receive_buffer;
    if (family == 6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
    if (share_port) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
    // FORCE needs CAP_NET_ADMIN and ignores net.core.rmem_max; without it the kernel caps what it grants.
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    struct sockaddr_in6 address;
    socklen_t length = mutt_make_address(family, high, low, port, &address);
    if (bind(fd, (struct sockaddr *)&address, length) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int mutt_udp_tell_destination(int fd, int family) {
    int one = 1;
    int result = family == 4 ? setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one)
                             : setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one);
    return result < 0 ? -errno : 0;
}

int mutt_udp_connect(int family, uint64_t high, uint64_t low, uint16_t port) {
    int fd = udp_socket(family);
    if (fd < 0) return -errno;
    struct sockaddr_in6 address;
    socklen_t length = mutt_make_address(family, high, low, port, &address);
    if (connect(fd, (struct sockaddr *)&address, length) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int mutt_udp_send(int fd, const uint8_t *bytes, size_t count) {
    ssize_t sent;
    do {
        sent = send(fd, bytes, count, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : (int)sent;
}

int mutt_udp_receive(int fd, uint8_t *bytes, size_t count, int timeout_ms) {
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    int ready = poll(&polled, 1, timeout_ms);
    if (ready < 0) return errno == EINTR ? -ETIMEDOUT : -errno;
    if (ready == 0) return -ETIMEDOUT;
    ssize_t received = recv(fd, bytes, count, MSG_DONTWAIT);
    return received < 0 ? -errno : (int)received;
}

static int is_link_local(uint64_t high) { return high >> 54 == 0xFE80 >> 6; }

// The control message that names the source of an answer; its length, or 0 for none.
static size_t write_source(int family, uint64_t peer_high, const mutt_path *path, uint8_t *control) {
    int is_multicast = path->local_high >> 56 == 0xFF;
    if ((path->local_high == 0 && path->local_low == 0) || is_multicast) return 0;
    struct cmsghdr *c = (struct cmsghdr *)control;
    if (family == 4) {
        struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl((uint32_t)path->local_low)};
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
        return CMSG_SPACE(sizeof info);
    }
    struct in6_pktinfo info = {0};
    uint64_t parts[2] = {__builtin_bswap64(path->local_high), __builtin_bswap64(path->local_low)};
    memcpy(&info.ipi6_addr, parts, sizeof parts);
    // Which interface leads back is for the routing table to say, but for addresses that mean nothing
    // without one.
    if (is_link_local(peer_high) || is_link_local(path->local_high)) info.ipi6_ifindex = path->interface;
    c->cmsg_level = IPPROTO_IPV6;
    c->cmsg_type = IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(c), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
}

static ssize_t send_message(int fd, const struct msghdr *header) {
    ssize_t sent;
    do {
        sent = sendmsg(fd, header, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return sent;
}

int mutt_udp_answer(int fd, int family, uint64_t high, uint64_t low, uint16_t port, mutt_path path,
                    const uint8_t *bytes, size_t count) {
    struct sockaddr_in6 address;
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in6_pktinfo))] = {0};
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr header = {.msg_name = &address, .msg_iov = &vector, .msg_iovlen = 1};
    header.msg_namelen = mutt_make_address(family, high, low, port, &address);
    if (family == 6 && is_link_local(high)) address.sin6_scope_id = path.interface;
    header.msg_controllen = write_source(family, high, &path, control);
    header.msg_control = header.msg_controllen ? control : NULL;
    ssize_t sent = send_message(fd, &header);
    // The address has gone since, or is one that nobody may send from: better from another one than not.
    if (sent < 0 && header.msg_control && errno != EAGAIN && errno != ENOBUFS) {
        header.msg_control = NULL;
        header.msg_controllen = 0;
        sent = send_message(fd, &header);
    }
    return sent < 0 ? -errno : (int)sent;
}

int mutt_receive_buffer(int fd) {
    int size = 0;
    socklen_t length = sizeof size;
    return getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &length) < 0 ? -errno : size;
}

int64_t mutt_socket_drops(int fd) {
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t length = sizeof info;
    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &length) < 0) return -errno;
    return info[SK_MEMINFO_DROPS];
}

int mutt_local_port(int fd) {
    struct sockaddr_in6 address;
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) return -errno;
    return ntohs(address.sin6_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                                : address.sin6_port);
}

int mutt_wait(int fd, int wake_fd, int timeout_ms) {
    struct pollfd polled[2] = {{.fd = fd, .events = POLLIN}, {.fd = wake_fd, .events = POLLIN}};
    int ready = poll(polled, 2, timeout_ms);
    if (ready < 0) return errno == EINTR ? 0 : -errno;
    int bits = 0;
    // An error on the socket (POLLERR) is found and named by the receive that follows.
    if (polled[0].revents) bits |= 1;
    if (polled[1].revents & POLLIN) {
        uint64_t count;
        if (read(wake_fd, &count, sizeof count) < 0 && errno != EAGAIN) return -errno;
        bits |= 2;
    }
    return bits;
}

int mutt_wake_create(void) {
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

void mutt_wake_signal(int fd) {
    uint64_t one = 1;
    // A full counter (EAGAIN) means that the sleeper is already being woken.
    ssize_t ignored = write(fd, &one, sizeof one);
    (void)ignored;
}

int mutt_duplicate(int fd) {
    int copy = dup(fd);
    return copy < 0 ? -errno : copy;
}

void mutt_close(int fd) { close(fd); }

static int64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t mutt_realtime_ns(void) { return clock_ns(CLOCK_REALTIME); }
int64_t mutt_monotonic_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

void mutt_pause(int64_t nanoseconds) {
    struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    // Cut short by a signal, it was long enough.
    clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

void mutt_return_free_pages(void) { malloc_trim(0); }

int mutt_release_start_pages(void) {
    FILE *maps = fopen("/proc/self/maps", "re");
    if (!maps) return -errno;
    char line[512];
    int released = 0;
    while (fgets(line, sizeof line, maps)) {
        unsigned long start, end, inode;
        char mode[5];
        // Only pages that are executable and backed by a file: never written, so nothing can be lost.
        if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &start, &end, mode, &inode) == 4 && inode != 0 &&
            strcmp(mode, "r-xp") == 0 && madvise((void *)start, end - start, MADV_DONTNEED) == 0)
            released++;
    }
    fclose(maps);
    return released;
}

int mutt_usable_processors(void) {
    cpu_set_t set;
    // Fails where the kernel counts more processors than the set has room for.
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

void mutt_name_thread(const char *name) {
    char kept[16];
    strncpy(kept, name, sizeof kept - 1);
    kept[sizeof kept - 1] = 0;
    pthread_setname_np(pthread_self(), kept);
}
