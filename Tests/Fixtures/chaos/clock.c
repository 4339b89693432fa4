// A wall clock that a test can set. Preloaded into a process, it moves what that process takes for the time
// of day by the nanoseconds in the file CLOCK_STEP, at any moment: the clock itself, waits that end at a time
// of day, and the kernel's time stamps on datagrams. The monotonic clock stays, as when a clock is set.
// OpenSSL's time() stays too: certificates are made by the other clock.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
// A wait that ends before this many seconds speaks of the monotonic clock.
#define WALL 1000000000

static volatile int64_t *step;

__attribute__((constructor)) static void open_step(void) {
  const char *name = getenv("CLOCK_STEP");
  int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *map = mmap(NULL, sizeof *step, PROT_READ, MAP_SHARED, file, 0);
  if (map != MAP_FAILED) step = map;
  close(file);
}

static void move(struct timespec *time) {
  int64_t now = (int64_t)time->tv_sec * SECOND + time->tv_nsec + (step ? *step : 0);
  time->tv_sec = now / SECOND;
  time->tv_nsec = now % SECOND;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  long failure = syscall(SYS_clock_gettime, clock, time);
  if (failure == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) move(time);
  return (int)failure;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

// A kernel looks at the clock again when it is set, and so does this: the wait goes on until the clock shows
// `end`.
int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *end) {
  static int (*wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  if (!wait) wait = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
  if (!wait) wait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  if (end->tv_sec < WALL) return wait(condition, mutex, end);
  for (;;) {
    struct timespec now, slice;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t left = (end->tv_sec - now.tv_sec) * SECOND + end->tv_nsec - now.tv_nsec;
    if (left <= 0) return ETIMEDOUT;
    if (left > SECOND / 20) left = SECOND / 20;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &slice);
    left += slice.tv_nsec;
    slice.tv_sec += left / SECOND;
    slice.tv_nsec = left % SECOND;
    int failure = wait(condition, mutex, &slice);
    if (failure != ETIMEDOUT) return failure;
  }
}

int recvmmsg(int socket, struct mmsghdr *messages, unsigned int count, int flags, struct timespec *timeout) {
  long received = syscall(SYS_recvmmsg, socket, messages, count, flags, timeout);
  for (long index = 0; index < received; index++) {
    struct msghdr *message = &messages[index].msg_hdr;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
      if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
      struct timespec stamp;
      memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
      move(&stamp);
      memcpy(CMSG_DATA(part), &stamp, sizeof stamp);
    }
  }
  return (int)received;
}
