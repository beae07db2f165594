"""Runs a program as the systemd unit of deploy/ would hold it, as far as that can be done without systemd:
no new privileges, only the system calls of the unit, no memory that is both written and run, its limits.

Usage: unit_filter.py UNIT PROGRAM ARGUMENT..."""

import ctypes
import errno
import os
import resource
import subprocess
import sys

ALLOW = 0x7FFF0000
NOT_PERMITTED = 0x00050000 | errno.EPERM
PROT_WRITE, PROT_EXEC = 2, 4
MASKED_EQUAL = 7


class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def settings(path):
    """The settings of the unit, each with all its values."""
    found = {}
    with open(path, encoding="utf-8") as unit:
        for line in unit:
            name, equals, value = line.strip().partition("=")
            if equals and not name.startswith("#"):
                found.setdefault(name, []).append(value)
    return found


def calls_of(group):
    """The system calls of a group such as @system-service, and of those in it."""
    listed = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    calls = set()
    for word in (line.strip() for line in listed.stdout.splitlines()[1:]):
        if word.startswith("@"):
            calls |= calls_of(word)
        elif word and not word.startswith("#"):
            calls.add(word)
    return calls


def allowed(unit):
    calls = set()
    for value in unit["SystemCallFilter"]:
        named = set()
        for word in value.lstrip("~").split():
            named |= calls_of(word) if word.startswith("@") else {word}
        calls = calls - named if value.startswith("~") else calls | named
    # systemd always lets a program begin.
    return calls | calls_of("@default") | {"execve"}


def restrict(calls):
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    rule = library.seccomp_rule_add_array
    rule.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Comparison)]
    context = library.seccomp_init(NOT_PERMITTED)

    def masked(name, argument, bits):
        """Allows a call where not all of the bits are set."""
        number = library.seccomp_syscall_resolve_name(name.encode())
        for bit in (1 << i for i in range(3) if bits & (1 << i)):
            check(rule(context, ALLOW, number, 1, Comparison(argument, MASKED_EQUAL, bit, 0)))

    def check(code):
        if code != 0:
            raise OSError(-code, os.strerror(-code))

    for name in sorted(calls):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number < 0 or name in ("mmap", "mprotect", "pkey_mprotect"):
            continue
        check(rule(context, ALLOW, number, 0, None))
    # MemoryDenyWriteExecute.
    masked("mmap", 2, PROT_WRITE | PROT_EXEC)
    masked("mprotect", 2, PROT_EXEC)
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    # Sets no_new_privs as well.
    check(library.seccomp_load(context))


def main():
    unit = settings(sys.argv[1])
    calls = allowed(unit)
    # A container may allow fewer.
    files = min(int(unit["LimitNOFILE"][0]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(int(unit["UMask"][0], 8))
    if os.geteuid() == 0:
        # Any user but root: the plugins belong to root, as an installation's do.
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    restrict(calls)
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
