// A disk that loses what was not synced. Preloaded into a process, it keeps beside the directory PLATTER_OF
// what the medium has for certain whatever happens to the power: of each file what it held when its last
// fsync or fdatasync began (PLATTER/inode.N), and of the directory the names that stood in it when its own
// last one began (PLATTER/names, lines of "inode name"). Everything else, the page cache has.
//
// What stands there when the first process starts counts as on the medium.
//
// With PLATTER_FAILS=N a sync of the store's log (muttd.db-wal) fails with EIO when none has for N
// milliseconds, and what was to be synced is counted as written, as Linux does: it never comes to the medium
// unless it is written again.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static const char *state, *platter;
static struct stat directory;

// A copy that cannot be made makes the test worthless: it ends here, and not as a success.
static void give_up(const char *what) {
  dprintf(2, "platter: %s: %s\n", what, strerror(errno));
  abort();
}

static int make(const char *name, char path[PATH_MAX]) {
  snprintf(path, PATH_MAX, "%s/%s.next", platter, name);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) give_up(path);
  return file;
}

static void publish(const char *name) {
  char from[PATH_MAX], to[PATH_MAX];
  snprintf(from, sizeof from, "%s/%s.next", platter, name);
  snprintf(to, sizeof to, "%s/%s", platter, name);
  if (rename(from, to)) give_up(to);
}

#define SECTOR 512
#define SECTORS (1 << 19)

// Sectors of the log that a failed sync has left behind.
struct refused {
  ino_t inode;
  long failed_at;
  unsigned char sectors[SECTORS];
};
static struct refused refused[4];
static long fails;

static long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct refused *refused_of(ino_t inode, int makes) {
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    if (refused[i].inode == inode) return &refused[i];
    if (refused[i].inode == 0 && makes) {
      refused[i].inode = inode;
      refused[i].failed_at = milliseconds();
      return &refused[i];
    }
  }
  if (makes) give_up("too many logs");
  return NULL;
}

static ssize_t read_block(int file, char *block, off_t offset) {
  ssize_t count = (ssize_t)syscall(SYS_pread64, file, block, 1 << 16, offset);
  if (count < 0) give_up("reading");
  return count;
}

static int open_synced(const char *name) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", platter, name);
  return open(path, O_RDONLY | O_CLOEXEC);
}

static void copy(int from, const char *name, struct refused *but) {
  static char block[1 << 16], before[1 << 16];
  char path[PATH_MAX];
  int to = make(name, path), synced = but ? open_synced(name) : -1;
  ssize_t count;
  for (off_t offset = 0; (count = read_block(from, block, offset)) > 0; offset += count) {
    if (but) {
      memset(before, 0, sizeof before);
      if (synced >= 0) read_block(synced, before, offset);
      for (ssize_t at = 0; at < count; at += SECTOR) {
        ssize_t rest = count - at < SECTOR ? count - at : SECTOR;
        if (but->sectors[(offset + at) / SECTOR]) memcpy(block + at, before + at, (size_t)rest);
      }
    }
    if (write(to, block, (size_t)count) != count) give_up(path);
  }
  if (synced >= 0) close(synced);
  close(to);
}

// Whatever differs from what the medium has is lost to it.
static void refuse(int file, const char *name, struct refused *marks) {
  static char block[1 << 16], before[1 << 16];
  marks->failed_at = milliseconds();
  int synced = open_synced(name);
  ssize_t count;
  for (off_t offset = 0; (count = read_block(file, block, offset)) > 0; offset += count) {
    ssize_t had = synced >= 0 ? read_block(synced, before, offset) : 0;
    for (ssize_t at = 0; at < count; at += SECTOR) {
      ssize_t rest = count - at < SECTOR ? count - at : SECTOR;
      if ((offset + at) / SECTOR >= SECTORS) give_up("too long a log");
      if (had < at + rest || memcmp(block + at, before + at, (size_t)rest))
        marks->sectors[(offset + at) / SECTOR] = 1;
    }
  }
  if (synced >= 0) close(synced);
}

// What is written again may come to the medium again.
static ssize_t write_at(int file, const void *bytes, size_t count, off_t offset) {
  if (!fails) return (ssize_t)syscall(SYS_pwrite64, file, bytes, count, offset);
  struct stat status;
  pthread_mutex_lock(&gate);
  ssize_t written = (ssize_t)syscall(SYS_pwrite64, file, bytes, count, offset);
  int number = errno;
  struct refused *marks = written > 0 && !fstat(file, &status) ? refused_of(status.st_ino, 0) : NULL;
  if (marks)
    for (off_t sector = offset / SECTOR; sector * SECTOR < offset + written && sector < SECTORS; sector++)
      marks->sectors[sector] = 0;
  pthread_mutex_unlock(&gate);
  errno = number;
  return written;
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  return write_at(file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off_t offset) {
  return write_at(file, bytes, count, offset);
}

static void list_names(void) {
  char path[PATH_MAX];
  int to = make("names", path);
  DIR *entries = opendir(state);
  if (!entries) give_up(state);
  struct dirent *entry;
  while ((entry = readdir(entries)))
    if (entry->d_type == DT_REG) dprintf(to, "%lu %s\n", (unsigned long)entry->d_ino, entry->d_name);
  closedir(entries);
  close(to);
}

static void inode_name(ino_t inode, char name[64]) { snprintf(name, 64, "inode.%lu", (unsigned long)inode); }

__attribute__((constructor)) static void begin(void) {
  char path[PATH_MAX], name[64];
  state = getenv("PLATTER_OF");
  platter = getenv("PLATTER");
  if (!state || !platter || stat(state, &directory)) {
    state = NULL;
    return;
  }
  if (getenv("PLATTER_FAILS")) fails = atol(getenv("PLATTER_FAILS"));
  snprintf(path, sizeof path, "%s/names", platter);
  if (!access(path, F_OK)) return;
  DIR *entries = opendir(state);
  struct dirent *entry;
  while (entries && (entry = readdir(entries))) {
    if (entry->d_type != DT_REG) continue;
    snprintf(path, sizeof path, "%s/%s", state, entry->d_name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) give_up(path);
    inode_name(entry->d_ino, name);
    copy(file, name, NULL);
    publish(name);
    close(file);
  }
  if (entries) closedir(entries);
  list_names();
  publish("names");
}

// The copy is taken before the call, so that it holds nothing that the call need not have written, and counts
// only when the call has succeeded.
static int sync_file(long call, int file) {
  struct stat status;
  char name[64], link[64], path[PATH_MAX];
  if (!state || fstat(file, &status)) return (int)syscall(call, file);
  int is_directory = status.st_dev == directory.st_dev && status.st_ino == directory.st_ino;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  path[length < 0 ? 0 : length] = 0;
  size_t prefix = strlen(state);
  int is_ours = S_ISREG(status.st_mode) && !strncmp(path, state, prefix) && path[prefix] == '/';
  if (!is_directory && !is_ours) return (int)syscall(call, file);
  pthread_mutex_lock(&gate);
  if (is_directory) {
    snprintf(name, sizeof name, "names");
    list_names();
  } else {
    // By this descriptor: closing another one would let go of the locks that SQLite has on the file.
    inode_name(status.st_ino, name);
    size_t end = strlen(path);
    const char *name_of_log = "/muttd.db-wal";
    int is_log = end > strlen(name_of_log) && !strcmp(path + end - strlen(name_of_log), name_of_log);
    struct refused *log = fails && is_log ? refused_of(status.st_ino, 1) : NULL;
    if (log && milliseconds() - log->failed_at >= fails) {
      refuse(file, name, log);
      pthread_mutex_unlock(&gate);
      errno = EIO;
      return -1;
    }
    copy(file, name, log);
  }
  int failure = (int)syscall(call, file), number = errno;
  if (!failure) publish(name);
  pthread_mutex_unlock(&gate);
  errno = number;
  return failure;
}

int fsync(int file) { return sync_file(SYS_fsync, file); }
int fdatasync(int file) { return sync_file(SYS_fdatasync, file); }
