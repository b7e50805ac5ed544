/* Preloaded into a writer: logs every call that changes files below $RECORDED_FOLDER to $RECORDED_LOG, in order, so that
 * unsynced.py can tell what a disk would have had at any moment. One record is a header, then `path` and `data`.
 * All paths are absolute. With $RECORDED_FORGET=file or =folder such syncs are not logged, as if nobody had asked for them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct header {
    char call; /* Create Write Truncate Sync Folder-sync Rename Link Unlink */
    uint64_t inode, offset;
    uint32_t path_bytes, data_bytes;
} __attribute__((packed));

static pthread_mutex_t in_order = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;
static const char *folder = "", *forget = "";

#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))

__attribute__((constructor)) static void begin(void) {
    if (getenv("RECORDED_FOLDER")) folder = getenv("RECORDED_FOLDER");
    if (getenv("RECORDED_FORGET")) forget = getenv("RECORDED_FORGET");
    if (getenv("RECORDED_LOG"))
        log_file = NEXT(int (*)(const char *, int, ...), "open")(
            getenv("RECORDED_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_file < 0) abort();
}

static int is_recorded(const char *path) { return *folder && !strncmp(path, folder, strlen(folder)); }

static void put(const void *data, size_t bytes) {
    if (NEXT(ssize_t(*)(int, const void *, size_t), "write")(log_file, data, bytes) != (ssize_t)bytes) abort();
}

static void record(char call, uint64_t inode, uint64_t offset, const char *path, const void *data, size_t bytes) {
    struct header header = {call, inode, offset, strlen(path), bytes};
    pthread_mutex_lock(&in_order);
    put(&header, sizeof header);
    put(path, strlen(path));
    put(data, bytes);
    pthread_mutex_unlock(&in_order);
}

/* The path of a descriptor if it is recorded, else NULL. */
static const char *path_of(int file, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t bytes = readlink(link, path, size - 1);
    if (bytes < 0) return NULL;
    path[bytes] = 0;
    return is_recorded(path) ? path : NULL;
}

static int opened(const char *name, int at, const char *path, int flags, mode_t mode) {
    int is_new = (flags & O_CREAT) && is_recorded(path) && access(path, F_OK);
    int file = NEXT(int (*)(int, const char *, int, ...), name)(at, path, flags, mode);
    struct stat found;
    if (file >= 0 && is_recorded(path) && !fstat(file, &found) && S_ISREG(found.st_mode)) {
        if (is_new) record('C', found.st_ino, 0, path, "", 0);
        else if (flags & O_TRUNC) record('T', found.st_ino, 0, "", "", 0);
    }
    return file;
}

#define OPEN(name, real) \
    int name(const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); mode_t mode = (flags & O_CREAT) ? va_arg(rest, mode_t) : 0; va_end(rest); \
        return opened(real, AT_FDCWD, path, flags, mode); \
    }
#define OPEN_AT(name, real) \
    int name(int at, const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); mode_t mode = (flags & O_CREAT) ? va_arg(rest, mode_t) : 0; va_end(rest); \
        return opened(real, at, path, flags, mode); \
    }
OPEN(open, "openat")
OPEN(open64, "openat64")
OPEN_AT(openat, "openat")
OPEN_AT(openat64, "openat64")

static void wrote(int file, const void *data, ssize_t bytes, int64_t offset) {
    char path[4096];
    struct stat found;
    if (bytes <= 0 || file == log_file || !path_of(file, path, sizeof path) || fstat(file, &found)) return;
    record('W', found.st_ino, offset, "", data, bytes);
}

ssize_t write(int file, const void *data, size_t bytes) {
    ssize_t done = NEXT(ssize_t(*)(int, const void *, size_t), "write")(file, data, bytes);
    if (done > 0) wrote(file, data, done, lseek(file, 0, SEEK_CUR) - done);
    return done;
}

#define PWRITE(name) \
    ssize_t name(int file, const void *data, size_t bytes, off_t offset) { \
        ssize_t done = NEXT(ssize_t(*)(int, const void *, size_t, off_t), #name)(file, data, bytes, offset); \
        wrote(file, data, done, offset); \
        return done; \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define TRUNCATE(name) \
    int name(int file, off_t bytes) { \
        char path[4096]; \
        struct stat found; \
        int failed = NEXT(int (*)(int, off_t), #name)(file, bytes); \
        if (!failed && path_of(file, path, sizeof path) && !fstat(file, &found)) \
            record('T', found.st_ino, bytes, "", "", 0); \
        return failed; \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define SYNC(name) \
    int name(int file) { \
        char path[4096]; \
        struct stat found; \
        int failed = NEXT(int (*)(int), #name)(file); \
        if (failed || !path_of(file, path, sizeof path) || fstat(file, &found)) return failed; \
        if (S_ISDIR(found.st_mode) && strcmp(forget, "folder")) record('F', 0, 0, path, "", 0); \
        if (S_ISREG(found.st_mode) && strcmp(forget, "file")) record('S', found.st_ino, 0, "", "", 0); \
        return failed; \
    }
SYNC(fsync)
SYNC(fdatasync)

#define NAMES(name, call) \
    int name(const char *path, const char *other) { \
        int failed = NEXT(int (*)(const char *, const char *), #name)(path, other); \
        if (!failed && is_recorded(path)) record(call, 0, 0, path, other, strlen(other)); \
        return failed; \
    }
NAMES(rename, 'R')
NAMES(link, 'L')

#define NAMES_AT(name, call, extra, pass) \
    int name(int at, const char *path, int other_at, const char *other extra) { \
        int failed = NEXT(int (*)(int, const char *, int, const char *, ...), #name)(at, path, other_at, other pass); \
        if (!failed && is_recorded(path)) record(call, 0, 0, path, other, strlen(other)); \
        return failed; \
    }
#define FLAGS , int flags
#define AND_FLAGS , flags
#define NONE
NAMES_AT(renameat, 'R', NONE, NONE)
NAMES_AT(linkat, 'L', FLAGS, AND_FLAGS)

int unlink(const char *path) {
    int failed = NEXT(int (*)(const char *), "unlink")(path);
    if (!failed && is_recorded(path)) record('U', 0, 0, path, "", 0);
    return failed;
}

int unlinkat(int at, const char *path, int flags) {
    int failed = NEXT(int (*)(int, const char *, int), "unlinkat")(at, path, flags);
    if (!failed && is_recorded(path)) record('U', 0, 0, path, "", 0);
    return failed;
}
