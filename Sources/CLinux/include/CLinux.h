// What Swift cannot see of Linux: recvmmsg, control messages, eventfd, socket options behind macros.
// Only stdint and stddef types here, so that this module imports beside any other.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// One received datagram, without its bytes.
typedef struct mutt_datagram {
    uint64_t address_high;  ///< IPv6 form, host order; IPv4 as ::ffff:a.b.c.d
    uint64_t address_low;
    int64_t timestamp_ns;  ///< kernel time stamp, CLOCK_REALTIME; 0 when the kernel gave none
    uint32_t length;       ///< bytes in the slot
    uint16_t port;
    uint16_t is_truncated;  ///< the datagram was longer than its slot
} mutt_datagram;

/// Which way a datagram came, for the answer to go back.
typedef struct mutt_path {
    uint64_t local_high;  ///< the address it was sent to, as above; 0 and 0 when the kernel did not say
    uint64_t local_low;
    uint32_t interface;  ///< where it arrived; 0 when the kernel did not say
} mutt_path;

/// Slots for one recvmmsg call: memory, vectors, control buffers, allocated once.
typedef struct mutt_slab mutt_slab;

/// NULL when memory is short.
mutt_slab *mutt_slab_create(uint32_t slots, uint32_t slot_size);
void mutt_slab_destroy(mutt_slab *slab);
uint8_t *mutt_slab_bytes(const mutt_slab *slab, uint32_t slot);
const mutt_datagram *mutt_slab_datagrams(const mutt_slab *slab);
/// Takes what is queued, never waits. Datagrams received (0: nothing queued), or -errno.
int mutt_slab_receive(mutt_slab *slab, int fd);
/// Which way a datagram of the last receive came, of a socket that tells destinations.
mutt_path mutt_slab_path(const mutt_slab *slab, uint32_t slot);
/// Puts a datagram into a slot by hand (replay, tests). 0, or -1 when the slot does not exist.
int mutt_slab_put(mutt_slab *slab, uint32_t slot, const uint8_t *bytes, uint32_t length, mutt_datagram about);

/// A bound UDP socket with kernel time stamps, or -errno. `family` 4 or 6.
int mutt_udp_listen(int family, uint64_t high, uint64_t low, uint16_t port, int v6_only, int share_port,
                    uint32_t receive_buffer);
/// A UDP socket connected to its peer, for sending; or -errno.
int mutt_udp_connect(int family, uint64_t high, uint64_t low, uint16_t port);
/// Bytes sent, or -errno.
int mutt_udp_send(int fd, const uint8_t *bytes, size_t count);
/// The next datagram of a connected socket, waiting at most `timeout_ms`. Bytes, or -errno (-ETIMEDOUT).
int mutt_udp_receive(int fd, uint8_t *bytes, size_t count, int timeout_ms);
/// The kernel says of each datagram from now on which way it came. 0, or -errno.
int mutt_udp_tell_destination(int fd, int family);
/// Sends from an unconnected socket of `family`, from the address in `path` if it can be, without waiting.
/// Bytes sent, or -errno.
int mutt_udp_answer(int fd, int family, uint64_t high, uint64_t low, uint16_t port, mutt_path path,
                    const uint8_t *bytes, size_t count);
/// Bytes the kernel granted (it doubles what was asked for, for its bookkeeping), or -errno.
int mutt_receive_buffer(int fd);
/// Datagrams the kernel dropped at this socket (SO_MEMINFO), or -errno.
int64_t mutt_socket_drops(int fd);
/// The bound port, or -errno.
int mutt_local_port(int fd);

// Sockets that somebody else bound and handed over (Inherited.c).

typedef struct mutt_inherited {
    uint64_t address_high;  ///< as in `mutt_datagram`
    uint64_t address_low;
    uint16_t port;
    uint16_t is_stream;  ///< TCP that listens; otherwise UDP
} mutt_inherited;

/// What the descriptor is; programs that are started from here will not have it. 0, or -errno: -EBADF,
/// -ENOTSOCK, -EAFNOSUPPORT (no internet socket), -EPROTOTYPE (neither UDP nor TCP that listens).
int mutt_inherit(int fd, mutt_inherited *about);
/// Kernel time stamps, and a receive buffer that never gets smaller by this. 0, or -errno.
int mutt_udp_adopt(int fd, uint32_t receive_buffer);
/// Never blocks from now on. 0, or -errno.
int mutt_tcp_adopt(int fd, int backlog);

/// Waits for `fd` or `wake_fd`: bit 0: fd readable, bit 1: woken; 0: time is up; or -errno.
int mutt_wait(int fd, int wake_fd, int timeout_ms);
/// An eventfd, or -errno.
int mutt_wake_create(void);
void mutt_wake_signal(int fd);
int mutt_duplicate(int fd);
void mutt_close(int fd);

// Streams (Stream.c).

/// Who connected, as in `mutt_datagram`.
typedef struct mutt_peer {
    uint64_t address_high;
    uint64_t address_low;
    uint16_t port;
} mutt_peer;

/// A bound TCP socket that listens and never blocks, or -errno.
int mutt_tcp_listen(int family, uint64_t high, uint64_t low, uint16_t port, int v6_only, int backlog);
/// The next connection, which never blocks and is kept alive; or -errno (-EAGAIN: nobody waits).
int mutt_tcp_accept(int fd, mutt_peer *peer);
/// Bytes that are there, without waiting: 0 at the end of the stream, or -errno (-EAGAIN: nothing there).
/// With `peeks` they stay for the next call.
int64_t mutt_stream_receive(int fd, uint8_t *bytes, size_t count, int peeks);
/// A TCP socket connected to its peer, for sending; every call on it waits at most `timeout_ms`. Or -errno.
int mutt_tcp_connect(int family, uint64_t high, uint64_t low, uint16_t port, int timeout_ms);
/// Sends all of it: 0, or -errno.
int mutt_stream_send(int fd, const uint8_t *bytes, size_t count);
/// Says that nothing more comes and waits until the peer has closed too: 0, or -errno.
int mutt_stream_finish(int fd);

enum { MUTT_READABLE = 1, MUTT_WRITABLE = 2 };
/// An epoll descriptor, level-triggered, or -errno.
int mutt_poll_create(void);
/// `tag` comes back from `mutt_poll_wait`; `events` is a sum of MUTT_…; 0 keeps only errors. 0, or -errno.
int mutt_poll_add(int poll_fd, int fd, uint64_t tag, int events);
int mutt_poll_change(int poll_fd, int fd, uint64_t tag, int events);
/// Closing is not enough for a socket that others hold too. 0, or -errno.
int mutt_poll_remove(int poll_fd, int fd);
/// Tags of what is ready, at most `count` and at most 64; 0: time is up; or -errno.
int mutt_poll_wait(int poll_fd, uint64_t *tags, int count, int timeout_ms);
/// Takes the signals off an eventfd. 0, or -errno.
int mutt_wake_clear(int fd);

/// Lets the process have `wanted` descriptors, or as many as it may: how many it has now, or -errno.
int64_t mutt_raise_descriptor_limit(uint64_t wanted);

/// Nanoseconds since 1970 (CLOCK_REALTIME) and since boot (CLOCK_MONOTONIC).
int64_t mutt_realtime_ns(void);
int64_t mutt_monotonic_ns(void);
/// Sleeps; a signal ends it early.
void mutt_pause(int64_t nanoseconds);

/// Lets go of the code pages that only the start needed: the program's and the libraries' executable mappings
/// are unmapped page by page and come back from the page cache when they are run again. Mappings, or -errno.
int mutt_release_start_pages(void);

/// malloc_trim(3): what was freed goes back to the kernel.
void mutt_return_free_pages(void);

/// On how many processors this process may run.
int mutt_usable_processors(void);

/// Names the calling thread (at most 15 bytes are kept).
void mutt_name_thread(const char *name);
