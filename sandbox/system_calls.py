"""System call filters: what a sandboxed program may ask of the kernel.

Samples get a list of what is allowed, commands of projects (which build, fork and exec) a list of what
is not. Both are compiled by libseccomp and travel as raw filter programs.
"""

from __future__ import annotations

import errno
import functools
import tempfile
from typing import Any

from sandbox.interface import SandboxUnavailable

try:
    import pyseccomp
    from pyseccomp import EQ, ERRNO, MASKED_EQ, NE, Arg
except (ImportError, OSError, RuntimeError) as error:
    _missing: Exception | None = error
else:
    _missing = None

WORKER_WORDS = (0x5AFE0001, 0x5AFE0002, 0x5AFE0003, 0x5AFE0004)
"""Stand-ins in the sample filter, which the worker replaces by random words of its own: processes
and files in memory are made only by calls that carry them (`sandbox.inside.confinement`)."""

_CLONE_THREAD = 0x00010000
_CLONE_NEWUSER = 0x10000000
_NAMESPACE_FLAGS = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x20000000, 0x40000000, 0x80)
_UNIX = 1
_SAFE_FCNTL = (0, 1, 2, 3, 4, 1030, 1032)
"""Copies and flags. Not: whom to signal (F_SETOWN, F_SETSIG), seals, leases, pipe sizes; nor locks, which
on files that all can read are messages to other samples."""
_SAFE_IOCTL = (0x5401, 0x5413, 0x5421, 0x5450, 0x5451, 0x541B)
"""Is it a terminal, how wide, blocking or not, close on exec or not, how much can be read."""
_SAFE_PRCTL = (3, 15, 16, 0x53564D41)
"""Dumpable? The name of a thread, the name of a mapping (which allocators set)."""

_ALLOWED = """
    read pread64 readv preadv preadv2 write pwrite64 writev pwritev pwritev2 lseek sendfile
    copy_file_range splice tee close close_range dup dup2 dup3 pipe pipe2 fsync fdatasync
    open openat creat stat lstat fstat newfstatat fstatat64 statx statfs fstatfs access faccessat
    faccessat2 readlink readlinkat getcwd chdir fchdir getdents getdents64 ftruncate fallocate fadvise64
    umask
    mmap munmap mremap mprotect madvise msync mincore brk mlock munlock membarrier
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack pause
    alarm getitimer setitimer timer_create timer_settime timer_gettime timer_delete timer_getoverrun
    timerfd_create timerfd_settime timerfd_gettime nanosleep clock_nanosleep clock_gettime clock_getres
    gettimeofday time times getrusage uname sysinfo
    getpid getppid gettid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getpgid getsid
    sched_yield sched_getaffinity sched_getparam sched_getscheduler getpriority getcpu getrandom
    getrlimit setrlimit futex futex_waitv set_robust_list rseq set_tid_address arch_prctl restart_syscall
    exit exit_group wait4 waitid
    poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
    eventfd eventfd2 recvfrom recvmsg sendto sendmsg recvmmsg sendmmsg shutdown getsockopt setsockopt
    getsockname getpeername
""".split()  # noqa: SIM905

_ALLOWED_ON_OWN_FILES = """
    truncate mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat
    chmod fchmod fchmodat fchmodat2 utime utimes utimensat futimesat
""".split()  # noqa: SIM905
"""Where a sample has a file system of its own. Elsewhere no other rule keeps it from changing the modes
and times of the host's files: Landlock has none for that."""

_DENIED_TO_COMMANDS = """
    acct add_key adjtimex bpf chroot clock_adjtime clock_settime create_module delete_module
    fanotify_init finit_module fsconfig fsmount fsopen fspick get_kernel_syms init_module io_uring_enter
    io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load kexec_load keyctl landlock_add_rule
    lookup_dcookie mount mount_setattr move_mount name_to_handle_at nfsservctl open_by_handle_at open_tree
    perf_event_open pivot_root process_madvise process_vm_readv process_vm_writev ptrace query_module
    quotactl quotactl_fd reboot request_key setdomainname sethostname setns settimeofday swapoff swapon
    syslog umount umount2 unshare uselib userfaultfd ustat vhangup vm86 vm86old
""".split()  # noqa: SIM905


@functools.lru_cache(maxsize=2)
def sample_filter(*, own_files: bool) -> bytes:
    """The filter of a worker and of the samples it forks: no other processes, no signals, no network.

    Refused calls fail with EPERM, so that a program sees an error rather than its end. Raises
    `SandboxUnavailable` without libseccomp.
    """
    _need_library()
    rules = pyseccomp.SyscallFilter(ERRNO(errno.EPERM))
    for name in _ALLOWED + (_ALLOWED_ON_OWN_FILES if own_files else []):
        _add(rules, pyseccomp.ALLOW, name)
    for name, position, values in (
        ("fcntl", 1, _SAFE_FCNTL),
        ("ioctl", 1, _SAFE_IOCTL),
        ("prctl", 0, _SAFE_PRCTL),
        ("socketpair", 0, (_UNIX,)),
        ("prlimit64", 0, (0,)),  # of the process itself
    ):
        for value in values:
            _add(rules, pyseccomp.ALLOW, name, Arg(position, EQ, value))
    _add(rules, pyseccomp.ALLOW, "clone", Arg(0, MASKED_EQ, _CLONE_THREAD, _CLONE_THREAD))
    first, second, third, fourth = WORKER_WORDS
    words = (Arg(2, EQ, first << 32 | second), Arg(4, EQ, third << 32 | fourth))
    _add(rules, pyseccomp.ALLOW, "clone", *words)
    _add(rules, pyseccomp.ALLOW, "memfd_create", *words)
    _add(rules, ERRNO(errno.ENOSYS), "clone3")  # its flags lie in memory; the C library falls back
    return _exported(rules)


@functools.lru_cache(maxsize=2)
def command_filter(*, may_make_user_namespace: bool) -> bytes:
    """The filter of whole command trees: nothing that only administrators and debuggers need."""
    _need_library()
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    refused = ERRNO(errno.EPERM)
    for name in _DENIED_TO_COMMANDS:
        if name != "unshare" or not may_make_user_namespace:
            _add(rules, refused, name)
    if may_make_user_namespace:
        _add(rules, refused, "unshare", Arg(0, NE, _CLONE_NEWUSER))
    else:
        _add(rules, refused, "clone", Arg(0, MASKED_EQ, _CLONE_NEWUSER, _CLONE_NEWUSER))
    for flag in _NAMESPACE_FLAGS:
        _add(rules, refused, "clone", Arg(0, MASKED_EQ, flag, flag))
    _add(rules, ERRNO(errno.ENOSYS), "clone3")
    _add(rules, refused, "ioctl", Arg(1, MASKED_EQ, 0xFFFFFFFF, 0x5412))  # TIOCSTI: typing for others
    return _exported(rules)


def _need_library() -> None:
    if _missing is not None:
        how_to = "Debian: apt-get install libseccomp2"
        raise SandboxUnavailable(f"libseccomp cannot be used ({how_to}): {_missing}")


def _add(rules: Any, action: int, name: str, *arguments: Any) -> None:
    try:
        number = pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name)
    except OSError:
        return  # of another architecture or a later kernel
    if number >= 0:
        rules.add_rule(action, number, *arguments)


def _exported(rules: Any) -> bytes:
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        exported: bytes = file.read()
        return exported
