"""Processes that have loaded ESPnet when they begin: `python3 warm.py SOCKET`.

A request at the socket has a program's words, as `python3` gets them (`-c TEXT …`, `-m MODULE …`),
its environment and folder, and what it writes to. A fork runs the program as `__main__`, and ends
as any interpreter does, with its threads, handlers and exit code. Nothing is computed before a
fork, so that there is no thread whose lock could be inherited.
"""

import json
import os
import runpy
import signal
import socket
import sys
from types import ModuleType
from typing import Any

import parp_espnet.espnet.loaded
import parp_espnet.pruning.windowed  # noqa: F401


def wait_for_words(requests: socket.socket) -> list[str]:
    """Fork off a process for each request; in it, return the program's words.

    The process that forks them ends when nobody is left who may ask.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, ends, _, _ = socket.recv_fds(requests, 1 << 20, 3)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            requests.close()
            return become(json.loads(message), *ends)
        for end in ends:
            os.close(end)


def become(request: dict[str, Any], output: int, errors: int, told: int) -> list[str]:
    """Fork the process itself, in which the words are returned, and tell its number and its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid:
        os.write(told, f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    os.close(told)
    if request["leads"]:
        os.setsid()
    for given, standard in ((output, 1), (errors, 2)):
        os.dup2(given, standard)
        os.close(given)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    return request["words"]


def run(words: list[str]) -> None:
    """Run a program as `python3` does."""
    kind, program, *rest = words
    sys.orig_argv[:] = [sys.executable, *words]
    sys.argv[:] = [kind, *rest]
    if kind == "-m":
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    else:
        sys.modules["__main__"] = ModuleType("__main__")
        exec(program, vars(sys.modules["__main__"]))


if __name__ == "__main__":
    run(wait_for_words(socket.socket(fileno=int(sys.argv[1]))))
