/* Preloaded into a process: a USB camera at /dev/video0 that plays the file $PLAYED_FRAMES, so that the real code opens
 * it, and fails as the words in the file $PLAYED_FAULT say while it runs.
 *
 * The frames file: "FOURCC WIDTH HEIGHT\n", then pictures, each after its length in 4 bytes. The words:
 *   away silent            it is not there; it sends nothing
 *   open=N streamon=N dqbuf=N reqbufs=N   the call fails with this errno
 *   hangs opening-hangs    the call for a picture, or to open it, does not return
 *   cut=N                  only N per cent of each picture come
 *   kept=N                 the same, but the driver says that all came: what is behind it is of the picture before
 *   hole marked empty      zeros in the middle; marked as damaged; no bytes at all
 *   only=FOURCC            the one format that it has
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define BUFFERS 8
#define BUFFER_BYTES (1 << 22)
#define FILES 1024
#define PICTURES 1024
#define FPS 20

#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))
#define REAL_OPEN NEXT(int (*)(const char *, int, ...), "open")

struct camera {
    int is_open, is_streaming, buffers, first, queued, queue[BUFFERS];
    unsigned char *memory[BUFFERS];
};
static struct camera cameras[FILES];
static unsigned char *pictures[PICTURES];
static uint32_t lengths[PICTURES], count, next_picture;
static unsigned width, height, fourcc;

__attribute__((constructor)) static void load(void) {
    FILE *file = getenv("PLAYED_FRAMES") ? fopen(getenv("PLAYED_FRAMES"), "rb") : NULL;
    char code[5] = "";
    if (!file || fscanf(file, "%4c %u %u", code, &width, &height) != 3 || fgetc(file) != '\n') abort();
    fourcc = v4l2_fourcc(code[0], code[1], code[2], code[3]);
    for (uint32_t bytes; count < PICTURES && fread(&bytes, 4, 1, file) == 1 && bytes <= BUFFER_BYTES; count++) {
        pictures[count] = malloc(lengths[count] = bytes);
        if (fread(pictures[count], 1, bytes, file) != bytes) abort();
    }
    fclose(file);
    if (!count) abort();
}

/* The number behind a word of the fault file, 1 for a word without one, 0 where it is not there. */
static long fault(const char *word) {
    char words[256] = " ";
    int fd = getenv("PLAYED_FAULT") ? REAL_OPEN(getenv("PLAYED_FAULT"), O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return 0;
    ssize_t got = read(fd, words + 1, sizeof words - 2);
    NEXT(int (*)(int), "close")(fd);
    if (got <= 0) return 0;
    for (char *at = words; (at = strstr(at, word)); at++)
        if (at[-1] == ' ' && at[strlen(word)] == '=') {
            const char *value = at + strlen(word) + 1;
            return strcmp(word, "only") ? atol(value) : v4l2_fourcc(value[0], value[1], value[2], value[3]);
        } else if (at[-1] == ' ' && strchr(" \n", at[strlen(word)]))
            return 1;
    return 0;
}

static int fails(long number) {
    if (number) errno = number;
    return number ? -1 : 0;
}

static int is_camera(const char *path) { return path && !strcmp(path, "/dev/video0"); }

static int open_camera(void) {
    while (fault("opening-hangs")) usleep(10000);
    if (fault("away")) return fails(ENOENT);
    if (fault("open")) return fails(fault("open"));
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC); /* it can be polled as a camera */
    if (fd >= 0 && fd < FILES) cameras[fd] = (struct camera){.is_open = 1};
    return fd;
}

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        va_list more; \
        va_start(more, flags); \
        int mode = va_arg(more, int); \
        va_end(more); \
        return is_camera(path) ? open_camera() : NEXT(int (*)(const char *, int, ...), #name)(path, flags, mode); \
    }
OPENS(open)
OPENS(open64)

int close(int fd) {
    if (fd >= 0 && fd < FILES) cameras[fd].is_open = 0;
    return NEXT(int (*)(int), "close")(fd);
}

#define MAPS(name) \
    void *name(void *at, size_t bytes, int may, int flags, int fd, off_t offset) { \
        void *(*next)(void *, size_t, int, int, int, off_t) = \
            NEXT(void *(*)(void *, size_t, int, int, int, off_t), #name); \
        if (fd < 0 || fd >= FILES || !cameras[fd].is_open) return next(at, bytes, may, flags, fd, offset); \
        void *memory = next(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); \
        return cameras[fd].memory[offset / BUFFER_BYTES % BUFFERS] = memory; \
    }
MAPS(mmap)
MAPS(mmap64)

static void tick(int fd, long period_ns) {
    struct itimerspec every = {{0, period_ns}, {0, period_ns}};
    timerfd_settime(fd, 0, &every, NULL);
}

static int give_picture(int fd, struct camera *camera, struct v4l2_buffer *buffer) {
    uint64_t ticks;
    while (fault("hangs")) usleep(10000);
    if (fault("away")) return fails(ENODEV);
    if (fault("dqbuf")) return fails(fault("dqbuf"));
    if (read(fd, &ticks, 8) != 8 || !camera->queued || fault("silent")) return fails(EAGAIN);
    next_picture = (next_picture + ticks) % count;
    buffer->index = camera->queue[camera->first];
    camera->first = (camera->first + 1) % BUFFERS;
    camera->queued--;
    uint32_t all = lengths[next_picture], part = all;
    if (fault("cut")) part = all * fault("cut") / 100;
    if (fault("kept")) part = all * fault("kept") / 100;
    if (fault("empty")) part = 0;
    unsigned char *memory = camera->memory[buffer->index];
    memcpy(memory, pictures[next_picture], part);
    if (fault("hole")) memset(memory + all / 2, 0, all / 10);
    buffer->bytesused = fault("kept") ? all : part;
    buffer->flags = fault("marked") ? V4L2_BUF_FLAG_ERROR : 0;
    return 0;
}

static int answer(int fd, struct camera *camera, unsigned request, void *asked) {
    unsigned format = fault("only") ? (unsigned)fault("only") : fourcc;
    struct v4l2_buffer *buffer = asked;
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *caps = asked;
        memset(caps, 0, sizeof *caps);
        strcpy((char *)caps->driver, "uvcvideo");
        strcpy((char *)caps->card, "Played Camera");
        caps->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        caps->capabilities = caps->device_caps | V4L2_CAP_DEVICE_CAPS;
        return 0;
    }
    case VIDIOC_ENUM_FMT:
        if (((struct v4l2_fmtdesc *)asked)->index) return fails(EINVAL);
        ((struct v4l2_fmtdesc *)asked)->pixelformat = format;
        return 0;
    case VIDIOC_S_FMT: {
        struct v4l2_pix_format *pix = &((struct v4l2_format *)asked)->fmt.pix;
        *pix = (struct v4l2_pix_format){.width = width, .height = height, .pixelformat = format};
        pix->sizeimage = BUFFER_BYTES;
        return 0;
    }
    case VIDIOC_S_PARM:
        ((struct v4l2_streamparm *)asked)->parm.capture.timeperframe = (struct v4l2_fract){1, FPS};
        return 0;
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *wanted = asked;
        if (fault("reqbufs")) return fails(fault("reqbufs"));
        camera->buffers = wanted->count = wanted->count > BUFFERS ? BUFFERS : wanted->count;
        camera->queued = 0;
        return 0;
    }
    case VIDIOC_QUERYBUF:
        buffer->length = BUFFER_BYTES;
        buffer->m.offset = buffer->index * BUFFER_BYTES;
        return 0;
    case VIDIOC_QBUF:
        camera->queue[(camera->first + camera->queued++) % BUFFERS] = buffer->index;
        return 0;
    case VIDIOC_DQBUF:
        return give_picture(fd, camera, buffer);
    case VIDIOC_STREAMON:
        if (fault("streamon")) return fails(fault("streamon"));
        tick(fd, 1000000000 / FPS);
        return 0;
    case VIDIOC_STREAMOFF:
        tick(fd, 0);
        return 0;
    }
    return fails(ENOTTY);
}

int ioctl(int fd, unsigned long request, ...) {
    va_list more;
    va_start(more, request);
    void *asked = va_arg(more, void *);
    va_end(more);
    if (fd >= 0 && fd < FILES && cameras[fd].is_open) return answer(fd, &cameras[fd], (unsigned)request, asked);
    return NEXT(int (*)(int, unsigned long, ...), "ioctl")(fd, request, asked);
}
