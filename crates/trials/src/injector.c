/*
 * Makes calls on files below one directory fail: loaded into a process by LD_PRELOAD, it has the kernel
 * hand it every such call (seccomp's trap), whichever library the call comes from, counts them, and
 * either does them or answers with an error in their place. It knows calls, not stores.
 *
 * TRIALS_BELOW   the directory
 * TRIALS_FAULTS  first:last:what:which,...  with `what` an errno, 0 for a write of half its bytes, or -1
 *                for the end of the process; `which` is `a` for all calls, `s` for those that take space,
 *                `r` for those that read a file, `l` for all from the one on that met the first fault. The calls from the first to the
 *                last such one meet it.
 *
 * The first call that meets a fault is told on standard output: `fault NUMBER CALL PATH`.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef __x86_64__
#error "the injector knows x86_64 only"
#endif

/* The one place whose calls the filter lets through. */
long trials_call(long number, long a, long b, long c, long d, long e, long f);
extern char trials_called[];
__asm__(".text\n"
        ".globl trials_call\n.hidden trials_call\n.type trials_call,@function\n"
        "trials_call:\n"
        "  mov %rdi,%rax\n  mov %rsi,%rdi\n  mov %rdx,%rsi\n  mov %rcx,%rdx\n"
        "  mov %r8,%r10\n  mov %r9,%r8\n  mov 8(%rsp),%r9\n"
        "  syscall\n"
        ".globl trials_called\n.hidden trials_called\n"
        "trials_called:\n  ret\n");

/* How a call names its file. */
enum naming { AT_DIRECTORY, BY_PATH, BY_FILE };
/* What it does: some fail by itself never, and only tell which files are ours. */
enum kind { OPENS, CLOSES, DOUBLES, LOOKS, READS, WRITES, CHANGES };

static const struct call {
    int number;
    enum naming naming;
    enum kind kind;
    const char *name;
} CALLS[] = {
    {SYS_openat, AT_DIRECTORY, OPENS, "openat"},
    {SYS_open, BY_PATH, OPENS, "open"},
    {SYS_close, BY_FILE, CLOSES, "close"},
    {SYS_dup, BY_FILE, DOUBLES, "dup"},
    {SYS_fcntl, BY_FILE, DOUBLES, "fcntl"},
    {SYS_read, BY_FILE, READS, "read"},
    {SYS_readv, BY_FILE, READS, "readv"},
    {SYS_pread64, BY_FILE, READS, "pread64"},
    {SYS_preadv, BY_FILE, READS, "preadv"},
    {SYS_preadv2, BY_FILE, READS, "preadv2"},
    {SYS_getdents64, BY_FILE, LOOKS, "getdents64"},
    {SYS_stat, BY_PATH, LOOKS, "stat"},
    {SYS_lstat, BY_PATH, LOOKS, "lstat"},
    {SYS_fstat, BY_FILE, LOOKS, "fstat"},
    {SYS_newfstatat, AT_DIRECTORY, LOOKS, "newfstatat"},
    {SYS_statx, AT_DIRECTORY, LOOKS, "statx"},
    {SYS_write, BY_FILE, WRITES, "write"},
    {SYS_writev, BY_FILE, WRITES, "writev"},
    {SYS_pwrite64, BY_FILE, WRITES, "pwrite64"},
    {SYS_pwritev, BY_FILE, WRITES, "pwritev"},
    {SYS_pwritev2, BY_FILE, WRITES, "pwritev2"},
    {SYS_copy_file_range, BY_FILE, WRITES, "copy_file_range"},
    {SYS_ftruncate, BY_FILE, CHANGES, "ftruncate"},
    {SYS_fallocate, BY_FILE, CHANGES, "fallocate"},
    {SYS_fsync, BY_FILE, CHANGES, "fsync"},
    {SYS_fdatasync, BY_FILE, CHANGES, "fdatasync"},
    {SYS_sync_file_range, BY_FILE, CHANGES, "sync_file_range"},
    {SYS_rename, BY_PATH, CHANGES, "rename"},
    {SYS_renameat, AT_DIRECTORY, CHANGES, "renameat"},
    {SYS_renameat2, AT_DIRECTORY, CHANGES, "renameat2"},
    {SYS_link, BY_PATH, CHANGES, "link"},
    {SYS_linkat, AT_DIRECTORY, CHANGES, "linkat"},
    {SYS_unlink, BY_PATH, LOOKS, "unlink"},
    {SYS_unlinkat, AT_DIRECTORY, LOOKS, "unlinkat"},
    {SYS_rmdir, BY_PATH, LOOKS, "rmdir"},
    {SYS_mkdir, BY_PATH, CHANGES, "mkdir"},
    {SYS_mkdirat, AT_DIRECTORY, CHANGES, "mkdirat"},
};
enum { KNOWN = sizeof CALLS / sizeof CALLS[0], FILES = 4096, MOST_FAULTS = 16 };

static struct fault {
    long first, last;
    int what;
    char which;
    long met;
} faults[MOST_FAULTS];
static int faults_given;
static char below[PATH_MAX];
static unsigned char is_ours[FILES];

static int is_our_file(long file) {
    return file >= 0 && file < FILES && __atomic_load_n(&is_ours[file], __ATOMIC_RELAXED);
}

static void set_ours(long file, int ours) {
    if (file >= 0 && file < FILES) __atomic_store_n(&is_ours[file], ours, __ATOMIC_RELAXED);
}

static int is_our_path(const char *path) {
    size_t length = strlen(below);
    return path && strncmp(path, below, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int is_on_ours(const struct call *call, const greg_t *arguments) {
    const char *path;
    switch (call->naming) {
    case BY_FILE: return is_our_file(arguments[0]);
    case BY_PATH: return is_our_path((const char *)arguments[0]);
    default:
        path = (const char *)arguments[1];
        if (path && path[0] == '/') return is_our_path(path);
        return is_our_file((int)arguments[0]);
    }
}

static int takes_space(const struct call *call, const greg_t *arguments) {
    long flags = call->naming == AT_DIRECTORY ? arguments[2] : arguments[1];
    return call->kind == WRITES || call->kind == CHANGES || (call->kind == OPENS && flags & O_CREAT);
}

/* Text into a buffer that is always ended. */
static void join(char *out, size_t room, const char *text) {
    size_t used = strlen(out), length = strlen(text);
    if (length > room - used - 1) length = room - used - 1;
    memcpy(out + used, text, length);
    out[used + length] = 0;
}

static void tell(int number, const struct call *call, const greg_t *arguments) {
    char line[PATH_MAX + 64] = "fault ", path[PATH_MAX] = "";
    char digit[2] = {(char)('0' + number % 10), 0};
    if (call->naming == BY_FILE) {
        char link[32] = "/proc/self/fd/", digits[12];
        int at = sizeof digits - 1;
        long file = arguments[0];
        digits[at] = 0;
        do digits[--at] = (char)('0' + file % 10); while ((file /= 10) && at > 0);
        join(link, sizeof link, digits + at);
        trials_call(SYS_readlink, (long)link, (long)path, sizeof path - 1, 0, 0, 0);
    } else {
        join(path, sizeof path, (const char *)arguments[call->naming == BY_PATH ? 0 : 1]);
    }
    join(line, sizeof line, digit);
    join(line, sizeof line, " ");
    join(line, sizeof line, call->name);
    join(line, sizeof line, " ");
    join(line, sizeof line, strncmp(path, below, strlen(below)) ? path : path + strlen(below));
    join(line, sizeof line, "\n");
    trials_call(SYS_write, 1, (long)line, (long)strlen(line), 0, 0, 0);
}

/* The fault that the call meets. */
static const struct fault *met_by(const struct call *call, const greg_t *arguments) {
    const struct fault *found = NULL;
    if (call->kind == CLOSES || call->kind == DOUBLES || !is_on_ours(call, arguments)) return NULL;
    for (int number = 0; number < faults_given; number++) {
        struct fault *fault = &faults[number];
        if (fault->which == 's' && !takes_space(call, arguments)) continue;
        if (fault->which == 'r' && call->kind != READS) continue;
        if (fault->which == 'l' && faults[0].met < faults[0].first) continue;
        long met = __atomic_add_fetch(&fault->met, 1, __ATOMIC_SEQ_CST);
        if (met < fault->first || met > fault->last) continue;
        if (met == fault->first) tell(number, call, arguments);
        if (!found) found = fault;
    }
    return found;
}

static void follow(const struct call *call, const greg_t *arguments, long result) {
    if (result < 0) return;
    if (call->kind == OPENS) set_ours(result, is_on_ours(call, arguments));
    int doubles = call->number != SYS_fcntl || arguments[1] == F_DUPFD || arguments[1] == F_DUPFD_CLOEXEC;
    if (call->kind == DOUBLES && doubles) set_ours(result, is_our_file(arguments[0]));
}

static void on_call(int signal, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    greg_t a[6] = {registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                   registers[REG_R10], registers[REG_R8],  registers[REG_R9]};
    const struct call *call = CALLS;
    (void)signal;
    while (call < CALLS + KNOWN && call->number != info->si_syscall) call++;
    if (call == CALLS + KNOWN) {
        registers[REG_RAX] = trials_call(info->si_syscall, a[0], a[1], a[2], a[3], a[4], a[5]);
        return;
    }
    const struct fault *fault = met_by(call, a);
    if (fault && fault->what < 0) {
        trials_call(SYS_kill, trials_call(SYS_getpid, 0, 0, 0, 0, 0, 0), SIGKILL, 0, 0, 0, 0);
    }
    if (fault && fault->what > 0) {
        registers[REG_RAX] = -fault->what;
        return;
    }
    if (fault && (call->number == SYS_write || call->number == SYS_pwrite64) && a[2] > 1) a[2] /= 2;
    /* Another thread may get the number as soon as it is free. */
    if (call->kind == CLOSES) set_ours(a[0], 0);
    registers[REG_RAX] = trials_call(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
    follow(call, a, registers[REG_RAX]);
}

static void read_faults(const char *text) {
    while (text && *text && faults_given < MOST_FAULTS) {
        struct fault *fault = &faults[faults_given];
        if (sscanf(text, "%ld:%ld:%d:%c", &fault->first, &fault->last, &fault->what, &fault->which) != 4) {
            _exit(99);
        }
        faults_given++;
        text = strchr(text, ',');
        if (text) text++;
    }
}

static void install(void) {
    struct sock_filter filter[8 + KNOWN + 2];
    uintptr_t place = (uintptr_t)trials_called;
    int at = 0;
    const size_t pointer = offsetof(struct seccomp_data, instruction_pointer);
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 5 + KNOWN);
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, pointer);
    filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)place, 0, 2);
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, pointer + 4);
    filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(place >> 32), 1 + KNOWN, 0);
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int number = 0; number < KNOWN; number++) {
        filter[at++] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)CALLS[number].number, (uint8_t)(KNOWN - number), 0);
    }
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    struct sock_fprog program = {.len = (unsigned short)at, .filter = filter};
    struct sigaction action = {.sa_sigaction = on_call, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};
    if (sigaction(SIGSYS, &action, NULL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        _exit(99);
    }
}

__attribute__((constructor)) static void begin(void) {
    const char *directory = getenv("TRIALS_BELOW");
    if (!directory) return;
    join(below, sizeof below, directory);
    read_faults(getenv("TRIALS_FAULTS"));
    install();
}
