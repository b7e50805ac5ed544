/* Preloaded: below the folder HANG_BELOW, calls of the kind HANG_CALL wait for ever once the file HANG_WHEN is there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static void perhaps_hang(const char *call, const char *path) {
    const char *wanted = getenv("HANG_CALL"), *below = getenv("HANG_BELOW"), *when = getenv("HANG_WHEN");
    if (wanted && below && when && path && strstr(wanted, call) && strstr(path, below) && access(when, F_OK) == 0)
        for (;;) pause();
}

static void perhaps_hang_fd(const char *call, int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length > 0) {
        path[length] = 0;
        perhaps_hang(call, path);
    }
}

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
    va_end(list);
    perhaps_hang("open", path);
    return REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
    va_end(list);
    perhaps_hang("open", path);
    return REAL(open64)(path, flags, mode);
}

int rename(const char *from, const char *to) { perhaps_hang("rename", to); return REAL(rename)(from, to); }
int unlink(const char *path) { perhaps_hang("unlink", path); return REAL(unlink)(path); }
int fsync(int fd) { perhaps_hang_fd("fsync", fd); return REAL(fsync)(fd); }
int fdatasync(int fd) { perhaps_hang_fd("fsync", fd); return REAL(fdatasync)(fd); }
int statvfs(const char *path, struct statvfs *out) { perhaps_hang("statvfs", path); return REAL(statvfs)(path, out); }
ssize_t write(int fd, const void *data, size_t size) { perhaps_hang_fd("write", fd); return REAL(write)(fd, data, size); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    perhaps_hang_fd("write", fd);
    return REAL(pwrite64)(fd, data, size, at);
}
