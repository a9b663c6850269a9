"""The filter over system calls, as a classic BPF program for seccomp (Linux, x86-64 and aarch64).

A deny list: numpy and torch need a wide and moving set of harmless calls. What the list cannot know, a call
newer than itself, is answered with "no such call". Numbers are those of the kernel's uapi headers; the format
and the return values are those of seccomp(2).
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable

# name, number on x86-64, number on aarch64 ("-": that machine does not have the call)
_REFUSED = """
# sockets of every kind
socket                     41   198
socketpair                 53   199
connect                    42   203
bind                       49   200
listen                     50   201
accept                     43   202
accept4                   288   242
sendto                     44   206
recvfrom                   45   207
sendmsg                    46   211
recvmsg                    47   212
sendmmsg                  307   269
recvmmsg                  299   243
getsockopt                 55   209
setsockopt                 54   208
getsockname                51   204
getpeername                52   205
shutdown                   48   210
# signals to others
kill                       62   129
tkill                     200   130
tgkill                    234   131
rt_sigqueueinfo           129   138
rt_tgsigqueueinfo         297   240
pidfd_open                434   434
pidfd_getfd               438   438
pidfd_send_signal         424   424
# programs and processes
fork                       57     -
vfork                      58     -
execve                     59   221
execveat                  322   281
# the memory and the facts of other processes
ptrace                    101   117
process_vm_readv          310   270
process_vm_writev         311   271
process_madvise           440   440
process_mrelease          448   448
kcmp                      312   272
move_pages                279   239
migrate_pages             256   238
get_robust_list           274   100
setpriority               141   140
ioprio_set                251    30
perf_event_open           298   241
lookup_dcookie            212    18
# kernel doors
io_uring_setup            425   425
io_uring_enter            426   426
io_uring_register         427   427
bpf                       321   280
userfaultfd               323   282
memfd_secret              447   447
add_key                   248   217
request_key               249   218
keyctl                    250   219
init_module               175   105
finit_module              313   273
delete_module             176   106
kexec_load                246   104
kexec_file_load           320   294
reboot                    169   142
syslog                    103   116
acct                      163    89
swapon                    167   224
swapoff                   168   225
quotactl                  179    60
quotactl_fd               443   443
nfsservctl                180    42
personality               135    92
vhangup                   153    58
modify_ldt                154     -
ioperm                    173     -
iopl                      172     -
uselib                    134     -
_sysctl                   156     -
ustat                     136     -
sysfs                     139     -
settimeofday              164   170
clock_settime             227   112
clock_adjtime             305   266
adjtimex                  159   171
sethostname               170   161
setdomainname             171   162
setrlimit                 160   164
set_mempolicy_home_node   450   450
# mounts, roots, namespaces, handles
mount                     165    40
umount2                   166    39
mount_setattr             442   442
move_mount                429   429
open_tree                 428   428
fsopen                    430   430
fsconfig                  431   431
fsmount                   432   432
fspick                    433   433
pivot_root                155    41
chroot                    161    51
unshare                   272    97
setns                     308   268
name_to_handle_at         303   264
open_by_handle_at         304   265
# files: what Landlock covers, a second time
creat                      85     -
mkdir                      83     -
mkdirat                   258    34
rmdir                      84     -
unlink                     87     -
unlinkat                  263    35
rename                     82     -
renameat                  264    38
renameat2                 316   276
link                       86     -
linkat                    265    37
symlink                    88     -
symlinkat                 266    36
mknod                     133     -
mknodat                   259    33
truncate                   76    45
# files: metadata, which Landlock does not cover
chmod                      90     -
fchmod                     91    52
fchmodat                  268    53
chown                      92     -
fchown                     93    55
lchown                     94     -
fchownat                  260    54
utime                     132     -
utimes                    235     -
utimensat                 280    88
futimesat                 261     -
setxattr                  188     5
lsetxattr                 189     6
fsetxattr                 190     7
getxattr                  191     8
lgetxattr                 192     9
fgetxattr                 193    10
listxattr                 194    11
llistxattr                195    12
flistxattr                196    13
removexattr               197    14
lremovexattr              198    15
fremovexattr              199    16
inotify_init              253     -
inotify_init1             294    26
inotify_add_watch         254    27
fanotify_init             300   262
fanotify_mark             301   263
# System V and POSIX message queues, semaphores, shared memory
shmget                     29   194
shmat                      30   196
shmctl                     31   195
shmdt                      67   197
semget                     64   190
semop                      65   193
semctl                     66   191
semtimedop                220   192
msgget                     68   186
msgsnd                     69   189
msgrcv                     70   188
msgctl                     71   187
mq_open                   240   180
mq_unlink                 241   181
mq_timedsend              242   182
mq_timedreceive           243   183
mq_notify                 244   184
mq_getsetattr             245   185
# who it is and how it is confined
setuid                    105   146
setgid                    106   144
setreuid                  113   145
setregid                  114   143
setresuid                 117   147
setresgid                 119   149
setfsuid                  122   151
setfsgid                  123   152
setgroups                 116   159
capset                    126    91
seccomp                   317   277
"""
# these are judged by an argument
_JUDGED = """
clone                      56   220
clone3                    435   435
prlimit64                 302   261
sched_setaffinity         203   122
sched_setscheduler        144   119
sched_setparam            142   118
sched_setattr             314   274
prctl                     157   167
fcntl                      72    25
"""
LAST_KNOWN = 450

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_CALLS = 0x40000000

_LOAD_WORD, _RETURN = 0x20, 0x06
_IF_EQUAL, _IF_OVER, _IF_ANY_BIT = 0x15, 0x25, 0x45
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16

_CLONE_THREAD = 0x00010000
_CLONE_NAMESPACES = 0x7E020000
# PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS, PR_SVE_GET_VL, PR_SET_VMA
_HARMLESS_PRCTL = (3, 15, 16, 23, 39, 51, 0x53564D41)
# F_SETOWN, F_SETSIG and F_SETOWN_EX choose who gets which signal; F_NOTIFY watches a folder
_REFUSED_FCNTL = (8, 10, 15, 1026)

Program = list[tuple[int, int, int, int]]


def numbers(machine: str) -> dict[str, int]:
    """The numbers of every call the filter names; raises KeyError unless the machine is a known one."""
    return _column(_REFUSED, machine) | _column(_JUDGED, machine)


def _column(table: str, machine: str) -> dict[str, int]:
    column = {"x86_64": 1, "aarch64": 2}[machine]
    rows = (line.split() for line in table.splitlines() if line and not line.startswith("#"))
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


def is_known(machine: str) -> bool:
    """Whether there is a table for this machine (as ``os.uname().machine`` names it)."""
    return machine in _AUDIT_ARCH


def filter_program(machine: str) -> bytes:
    """The filter as an array of ``struct sock_filter``, 8 bytes each; the machine must be a known one."""
    judged = _column(_JUDGED, machine)
    program: Program = [
        (_LOAD_WORD, 0, 0, _ARCH_AT),
        (_IF_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD_WORD, 0, 0, _NUMBER_AT),
    ]
    if machine == "x86_64":
        program += _when(_IF_ANY_BIT, _X32_CALLS, _KILL)
    program += _when(_IF_OVER, LAST_KNOWN, _ERROR | errno.ENOSYS)
    for number in _column(_REFUSED, machine).values():
        program += _when(_IF_EQUAL, number, _ERROR | errno.EPERM)
    # without clone3, whose flags are out of a filter's sight, threads are made by clone
    program += _when(_IF_EQUAL, judged["clone3"], _ERROR | errno.ENOSYS)
    for name, body in _judgements().items():
        program += [(_IF_EQUAL, 0, len(body), judged[name]), *body]
    return b"".join(struct.pack("=HBBI", *step) for step in (*program, (_RETURN, 0, 0, _ALLOW)))


def _when(test: int, value: int, answer: int) -> Program:
    return [(test, 0, 1, value), (_RETURN, 0, 0, answer)]


def _judgements() -> dict[str, Program]:
    refuse: Program = [(_RETURN, 0, 0, _ERROR | errno.EPERM)]
    allow: Program = [(_RETURN, 0, 0, _ALLOW)]
    only_self = [*_load(0), (_IF_EQUAL, 1, 0, 0), *refuse]
    reads_limits = [*only_self, *_load(2), (_IF_EQUAL, 1, 0, 0), *refuse, *_load(2, high=True)]
    threads = [*_load(0), *_when(_IF_ANY_BIT, _CLONE_NAMESPACES, _ERROR | errno.EPERM)]
    return {
        "clone": [*threads, (_IF_ANY_BIT, 1, 0, _CLONE_THREAD), *refuse, *allow],
        "prlimit64": [*reads_limits, (_IF_EQUAL, 1, 0, 0), *refuse, *allow],
        "prctl": [*_load(0), *_each(_HARMLESS_PRCTL, _ALLOW), *refuse],
        "fcntl": [*_load(1), *_each(_REFUSED_FCNTL, _ERROR | errno.EPERM), *allow],
        "sched_setaffinity": [*only_self, *allow],
        "sched_setscheduler": [*only_self, *allow],
        "sched_setparam": [*only_self, *allow],
        "sched_setattr": [*only_self, *allow],
    }


def _load(argument: int, *, high: bool = False) -> Program:
    # a 64-bit argument is two little-endian words; the kernel takes pids, flags and commands from the low one
    return [(_LOAD_WORD, 0, 0, _ARGUMENTS_AT + 8 * argument + 4 * high)]


def _each(values: Iterable[int], answer: int) -> Program:
    return [step for value in values for step in _when(_IF_EQUAL, value, answer)]
