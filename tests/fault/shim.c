// SPDX-License-Identifier: Apache-2.0
// A layer between a server and its kernel, put in with LD_PRELOAD: it kills the process at a chosen
// call, fills the disk, lets writes and syncs fail or wait, and moves the clock. What it does is
// written in a small shared file (STONECHAT_SHIM) by the test, at any time; see shim.py, which has
// the same list of fields. Only the files of a database are looked at: the database, its write-ahead
// log, what connections share, and its rollback journal.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum moment {
    moment_none,
    before_log_write,
    half_a_log_write,
    before_log_sync,
    after_log_sync,
    before_database_write,
    before_database_sync,
    after_database_sync,
    before_rename,
    after_rename,
    before_journal_write,
    before_answer
};

struct orders {
    int64_t kill_moment; // where to die
    int64_t kill_after;  // at the how-manyth time, from 1
    int64_t full;        // files of the database cannot grow
    int64_t write_error; // what writes to them fail with
    int64_t sync_error;  // what syncs of them fail with
    int64_t sync_delay_us;
    int64_t stall_us; // the next sync alone
    int64_t clock_offset_us;
    int64_t read_only; // nothing beside the database can be opened for writing
    int64_t syncs;     // counted here
    int64_t refused;
};

enum file { other_file, database_file, log_file, shared_file, journal_file };

#define MOST_DESCRIPTORS 65536
static unsigned char kind_of[MOST_DESCRIPTORS];
static struct orders nothing;
static struct orders* orders = &nothing;

#define REAL(name)                                        \
    ({                                                    \
        static __typeof__(&name) real_##name;             \
        if (real_##name == NULL) {                        \
            real_##name = dlsym(RTLD_NEXT, #name);        \
        }                                                 \
        real_##name;                                      \
    })

__attribute__((constructor)) static void begin(void)
{
    const char* path = getenv("STONECHAT_SHIM");
    const int descriptor = path ? REAL(open64)(path, O_RDWR | O_CLOEXEC) : -1;
    if (descriptor >= 0) {
        void* memory = mmap(NULL, sizeof *orders, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        if (memory != MAP_FAILED) {
            orders = memory;
        }
        REAL(close)(descriptor);
    }
}

static void reach(enum moment moment)
{
    if (__atomic_load_n(&orders->kill_moment, __ATOMIC_RELAXED) == (int64_t)moment
        && __atomic_sub_fetch(&orders->kill_after, 1, __ATOMIC_RELAXED) == 0) {
        kill(getpid(), SIGKILL);
    }
}

static int ends_with(const char* text, const char* end)
{
    const size_t length = strlen(text);
    const size_t end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static enum file kind_of_path(const char* path)
{
    if (strstr(path, ".db") == NULL) {
        return other_file;
    }
    if (ends_with(path, "-wal")) {
        return log_file;
    }
    if (ends_with(path, "-shm")) {
        return shared_file;
    }
    if (ends_with(path, "-journal")) {
        return journal_file;
    }
    return ends_with(path, ".lock") ? other_file : database_file;
}

static enum file kind(int descriptor)
{
    return descriptor >= 0 && descriptor < MOST_DESCRIPTORS ? (enum file)kind_of[descriptor] : other_file;
}

static int remember(int descriptor, const char* path)
{
    if (descriptor >= 0 && descriptor < MOST_DESCRIPTORS) {
        kind_of[descriptor] = (unsigned char)kind_of_path(path);
    }
    return descriptor;
}

static int is_forbidden(const char* path, int flags)
{
    if (__atomic_load_n(&orders->read_only, __ATOMIC_RELAXED) == 0 || strstr(path, ".db") == NULL
        || (flags & (O_ACCMODE | O_CREAT)) == O_RDONLY) {
        return 0;
    }
    errno = EROFS;
    return 1;
}

static mode_t mode_of(int flags, va_list arguments)
{
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

int open(const char* path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return is_forbidden(path, flags) ? -1 : remember(REAL(open)(path, flags, mode), path);
}

int open64(const char* path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return is_forbidden(path, flags) ? -1 : remember(REAL(open64)(path, flags, mode), path);
}

int close(int descriptor)
{
    if (descriptor >= 0 && descriptor < MOST_DESCRIPTORS) {
        kind_of[descriptor] = other_file;
    }
    return REAL(close)(descriptor);
}

// Whether a write of `size` bytes at `at` has to fail; errno tells how.
static int is_refused(int descriptor, size_t size, off64_t at)
{
    const int64_t error = __atomic_load_n(&orders->write_error, __ATOMIC_RELAXED);
    struct stat64 status;
    if (error != 0 && kind(descriptor) != shared_file) {
        errno = (int)error;
    } else if (__atomic_load_n(&orders->full, __ATOMIC_RELAXED) != 0 && fstat64(descriptor, &status) == 0
        && at + (off64_t)size > status.st_size) {
        errno = ENOSPC;
    } else {
        return 0;
    }
    __atomic_add_fetch(&orders->refused, 1, __ATOMIC_RELAXED);
    return 1;
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t at)
{
    ssize_t (*real)(int, const void*, size_t, off64_t) = REAL(pwrite64);
    const enum file file = kind(descriptor);
    if (file == other_file) {
        return real(descriptor, bytes, size, at);
    }
    if (is_refused(descriptor, size, at)) {
        return -1;
    }
    if (file == log_file) {
        reach(before_log_write);
        if (__atomic_load_n(&orders->kill_moment, __ATOMIC_RELAXED) == half_a_log_write
            && __atomic_load_n(&orders->kill_after, __ATOMIC_RELAXED) == 1) {
            real(descriptor, bytes, size / 2, at);
        }
        reach(half_a_log_write);
    } else if (file == database_file) {
        reach(before_database_write);
    } else if (file == journal_file) {
        reach(before_journal_write);
    }
    return real(descriptor, bytes, size, at);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t at)
{
    return pwrite64(descriptor, bytes, size, at);
}

int ftruncate64(int descriptor, off64_t size)
{
    struct stat64 status;
    if (kind(descriptor) != other_file && fstat64(descriptor, &status) == 0 && size > status.st_size
        && is_refused(descriptor, 0, size)) {
        return -1;
    }
    return REAL(ftruncate64)(descriptor, size);
}

static void wait_as_ordered(void)
{
    const int64_t stall = __atomic_exchange_n(&orders->stall_us, 0, __ATOMIC_RELAXED);
    const int64_t wait = stall + __atomic_load_n(&orders->sync_delay_us, __ATOMIC_RELAXED);
    if (wait > 0) {
        const struct timespec time = { wait / 1000000, wait % 1000000 * 1000 };
        nanosleep(&time, NULL);
    }
}

static int sync_with(int (*real)(int), int descriptor)
{
    const enum file file = kind(descriptor);
    if (file == other_file) {
        return real(descriptor);
    }
    reach(file == log_file ? before_log_sync : before_database_sync);
    wait_as_ordered();
    const int64_t error = __atomic_load_n(&orders->sync_error, __ATOMIC_RELAXED);
    if (error != 0) {
        errno = (int)error;
        return -1;
    }
    const int code = real(descriptor);
    __atomic_add_fetch(&orders->syncs, 1, __ATOMIC_RELAXED);
    reach(file == log_file ? after_log_sync : after_database_sync);
    return code;
}

int fsync(int descriptor)
{
    return sync_with(REAL(fsync), descriptor);
}

int fdatasync(int descriptor)
{
    return sync_with(REAL(fdatasync), descriptor);
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags)
{
    const int is_ours = kind_of_path(from) != other_file;
    if (is_ours) {
        reach(before_rename);
    }
    const int code = REAL(renameat2)(from_folder, from, to_folder, to, flags);
    if (is_ours) {
        reach(after_rename);
    }
    return code;
}

// What goes to a peer: a socket is written to with these, a database never is.
ssize_t send(int descriptor, const void* bytes, size_t size, int flags)
{
    reach(before_answer);
    return REAL(send)(descriptor, bytes, size, flags);
}

ssize_t sendmsg(int descriptor, const struct msghdr* message, int flags)
{
    reach(before_answer);
    return REAL(sendmsg)(descriptor, message, flags);
}

int clock_gettime(clockid_t clock, struct timespec* time)
{
    const int code = REAL(clock_gettime)(clock, time);
    const int64_t offset = __atomic_load_n(&orders->clock_offset_us, __ATOMIC_RELAXED);
    if (offset != 0 && code == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        const int64_t moved = (int64_t)time->tv_sec * 1000000 + time->tv_nsec / 1000 + offset;
        time->tv_sec = moved / 1000000;
        time->tv_nsec = moved % 1000000 * 1000 + time->tv_nsec % 1000;
    }
    return code;
}

time_t time(time_t* to)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to != NULL) {
        *to = now.tv_sec;
    }
    return now.tv_sec;
}

int gettimeofday(struct timeval* restrict to, void* restrict zone)
{
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    to->tv_sec = now.tv_sec;
    to->tv_usec = now.tv_nsec / 1000;
    return 0;
}
