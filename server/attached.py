"""Runs a command that ends when its parent does, however the parent ends.

A script of its own, started by path with the standard library only: it runs before every process
of the system, so it must cost nothing. On Linux the kernel sends the signal at the parent's death;
elsewhere the next start stops what was left (leftovers.py).

    python -I -S server/attached.py SIGNAL USER COMMAND [ARGUMENT...]

SIGNAL is what the command takes as "stop in good order"; USER is `-` for the present one.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(signal_name: str, user: str, command: list[str]) -> None:
    """Becomes the command."""
    if user != "-":
        become(user)
    # After the change of user, which makes the kernel forget the wish.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.Signals[signal_name].value)
    os.execv(command[0], command)


def become(user: str) -> None:
    """Gives up root for another user; PostgreSQL refuses to run as root."""
    entry = pwd.getpwnam(user)
    os.initgroups(user, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
