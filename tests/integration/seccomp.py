"""seccomp.py - a unit's system call filter put on a process of ours, without systemd.

Owns the reading of SystemCallFilter= as systemd.exec(5) describes it, and the filter that systemd makes for MemoryDenyWriteExecute=,
RestrictAddressFamilies= and RestrictNamespaces=, by libseccomp. Invariant: stricter than the unit: what the unit answers with EPERM
ends the process here (SIGSYS), so that nothing is refused unnoticed.
"""
import ctypes
import ctypes.util
import errno
import os
import subprocess

KILL, ALLOW = 0x80000000, 0x7FFF0000
NE, EQ, MASKED = 1, 4, 7
PROT_WRITE, PROT_EXEC = 2, 4
CLONE_NEW = 0x7E020080 | 0x02000000
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def expand(name):
    """The system calls of a set, or the one that is named."""
    if not name.startswith("@"):
        return {name}
    said = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True, timeout=30).stdout
    calls = set()
    for line in said.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            calls |= expand(word)
    return calls


def allowed(lines):
    """The calls that SystemCallFilter= lines leave; the first names what is allowed, "~" takes away, later lines win."""
    calls = set(expand("@default"))
    for line in lines:
        for word in line.lstrip("~").split():
            calls = calls - expand(word) if line.startswith("~") else calls | expand(word)
    return calls


def why_not():
    """Why no filter can be made here, or None."""
    if not ctypes.util.find_library("seccomp"):
        return "libseccomp is not installed"
    return None


class Filter:
    def __init__(self, lines, families):
        self.calls, self.families = allowed(lines), families
        self.lib = ctypes.CDLL(ctypes.util.find_library("seccomp"), use_errno=True)
        self.lib.seccomp_init.restype = ctypes.c_void_p
        self.lib.seccomp_init.argtypes = [ctypes.c_uint32]
        self.lib.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p]
        self.lib.seccomp_load.argtypes = [ctypes.c_void_p]
        self.context = self.lib.seccomp_init(KILL)
        for name in sorted(self.calls - {"mmap", "mprotect", "pkey_mprotect", "shmat", "socket", "clone", "clone3", "unshare", "setns"}):
            self.add(ALLOW, name)
        for access in (0, PROT_WRITE, PROT_EXEC):
            self.add(ALLOW, "mmap", Compare(2, MASKED, PROT_WRITE | PROT_EXEC, access))
        self.add(ALLOW, "mprotect", Compare(2, MASKED, PROT_EXEC, 0))
        self.add(ALLOW, "clone", Compare(0, MASKED, CLONE_NEW, 0))
        self.add(0x50000 | errno.ENOSYS, "clone3")  # its flags are in memory, where no filter can look
        for family in families:
            self.add(ALLOW, "socket", Compare(0, EQ, FAMILIES[family], 0))
        # The C library asks for addresses of interfaces by netlink and does without.
        self.add(0x50000 | errno.EAFNOSUPPORT, "socket", Compare(0, EQ, 16, 0))

    def add(self, action, name, *compare):
        number = self.lib.seccomp_syscall_resolve_name(name.encode())
        if number == -1:  # a call of another architecture
            return
        array = (Compare * max(1, len(compare)))(*compare)
        status = self.lib.seccomp_rule_add_array(self.context, action, number, len(compare), array)
        if status < 0 and action != KILL and not (number < 0):
            raise OSError(-status, "seccomp rule for " + name)

    def load(self):
        """In the child, before exec."""
        status = self.lib.seccomp_load(self.context)
        if status < 0:
            os.write(2, b"seccomp_load failed\n")
            os._exit(120)
