#!/usr/bin/env bash
# openvino 2026.4.1: a thread that has had two Cores which compiled a model is left with a signal stack in memory that is gone.
#
# The CPU plugin of a Core gives the calling thread a signal stack (sigaltstack) when it compiles, and puts back what was
# there when it ends. Two Cores that overlap, of which the older ends first, put them back in the wrong order: the thread
# keeps the stack of the first, whose memory has been given back. Nothing is seen until a handler asks for that stack, and
# then the process is gone, far from OpenVINO. We keep one Core in a process.
#
# Seen: "signal stack before: none, after: at an address that is not mapped". Exit code 1 says that this has changed.
#
#     findings/openvino_leaves_a_signal_stack.sh        needs Linux, Python 3.12 or 3.13 and PyPI, half a minute
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT
cd "${work}"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet openvino==2026.4.1 numpy==2.3.5
venv/bin/python - <<'END'
import ctypes
import gc
import sys

import openvino


class Stack(ctypes.Structure):
    _fields_ = [("sp", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]


def state():
    """Where this thread's signal stack is; only looked at."""
    stack = Stack()
    ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack))
    if stack.flags & 2 or not stack.sp:
        return "none"
    for line in open("/proc/self/maps"):
        begin, end = (int(part, 16) for part in line.split()[0].split("-"))
        if begin <= stack.sp < end:
            return "at an address that is mapped"
    return "at an address that is not mapped"


def compiled():
    given = openvino.opset13.parameter([1, 4], openvino.Type.f32)
    model = openvino.Model([openvino.opset13.relu(given)], [given], "relu")
    core = openvino.Core()
    return core, core.compile_model(model, "CPU")


before = state()
first, second = compiled(), compiled()
del first
gc.collect()
del second
gc.collect()
after = state()
print(f"signal stack before: {before}, after: {after}")
sys.exit(not (before == "none" and after == "at an address that is not mapped"))
END
