"""System calls that the probes make by number, because Python has no function for them (x86-64, aarch64).

Numbers are those of the kernel's uapi headers.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys

from learner.syscalls import numbers

_PROBED = """
add_key                   248   217
bpf                       321   280
clone                      56   220
epoll_create1             291    20
eventfd2                  290    19
execve                     59   221
fadvise64                 221   223
futex                     202    98
inotify_init1             294    26
io_uring_setup            425   425
ioprio_set                251    30
keyctl                    250   219
madvise                    28   233
memfd_create              319   279
mincore                    27   232
mlock2                    325   284
mlockall                  151   230
mmap                        9   222
mount                     165    40
mq_open                   240   180
msgctl                     71   187
msgget                     68   186
open_by_handle_at         304   265
perf_event_open           298   241
personality               135    92
pidfd_open                434   434
prctl                     157   167
prlimit64                 302   261
process_vm_readv          310   270
ptrace                    101   117
rt_sigaction               13   134
rt_sigprocmask             14   135
rt_sigqueueinfo           129   138
sched_setaffinity         203   122
sched_setattr             314   274
sched_setparam            142   118
sched_setscheduler        144   119
seccomp                   317   277
setitimer                  38   103
setpriority               141   140
setuid                    105   146
shmctl                     31   195
shmget                     29   194
sync                      162    81
timer_create              222   107
timerfd_create            283    85
umask                      95   166
unshare                   272    97
userfaultfd               323   282
vmsplice                  278    75
"""


def probed(machine: str) -> dict[str, int]:
    """The numbers of the probed calls on a machine; raises KeyError unless it is a known one."""
    return numbers(_PROBED, machine)


def call(name: str, *arguments: object) -> int:
    """Make a call; raises OSError when it fails, AttributeError or KeyError where there is none of that name."""
    if sys.platform != "linux":
        raise AttributeError("these numbers are those of Linux")
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    result = int(libc.syscall(ctypes.c_long(probed(os.uname().machine)[name]), *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, errno.errorcode.get(code, "unknown"))
    return result
