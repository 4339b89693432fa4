// A disk that loses what was not synced. Preloaded into a process, it keeps beside the directory PLATTER_OF
// what the medium has for certain whatever happens to the power: of each file what it held when its last
// fsync or fdatasync began (PLATTER/inode.N), and of the directory the names that stood in it when its own
// last one began (PLATTER/names, lines of "inode name"). Everything else, the page cache has.
//
// What stands there when the first process starts counts as on the medium.
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

static void copy(int from, const char *name) {
  static char block[1 << 16];
  char path[PATH_MAX];
  int to = make(name, path);
  off_t offset = 0;
  for (;;) {
    ssize_t count = pread(from, block, sizeof block, offset);
    if (count < 0) give_up(name);
    if (count == 0) break;
    if (write(to, block, (size_t)count) != count) give_up(path);
    offset += count;
  }
  close(to);
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
    copy(file, name);
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
    copy(file, name);
  }
  int failure = (int)syscall(call, file), number = errno;
  if (!failure) publish(name);
  pthread_mutex_unlock(&gate);
  errno = number;
  return failure;
}

int fsync(int file) { return sync_file(SYS_fsync, file); }
int fdatasync(int file) { return sync_file(SYS_fdatasync, file); }
