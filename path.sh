# shellcheck shell=bash
# Source this from any script of the project: it makes the environment where there is none and puts it on the path.
#
#     . /path/to/parp-espnet/path.sh
#
# PARP_VENV=DIR places the environment elsewhere, PYTHON=/path/to/python3.12 chooses its interpreter.

PARP_ROOT=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PARP_VENV=${PARP_VENV:-${PARP_ROOT}/.venv}
export PARP_ROOT PARP_VENV

# `python3 -m` would look into the present directory first, and run what lies there: another checkout, or a file called
# yaml.py.
export PYTHONSAFEPATH=1

if declare -F run >/dev/null; then # local/steps.sh, where it is used, passes a Ctrl-C on
    run "${PARP_ROOT}/local/environment.sh" || return
else
    "${PARP_ROOT}/local/environment.sh" || return
fi

export PATH="${PARP_VENV}/bin:${PATH}"
# A cluster's module, or another checkout of ESPnet, would come before the environment's packages; an empty word would be
# the present directory.
unset PYTHONHOME
if [ -n "${PYTHONPATH:-}" ]; then
    PYTHONPATH=$("${PARP_VENV}/bin/python" -I -X utf8 "${PARP_ROOT}/parp_espnet/interpreter.py")
else
    PYTHONPATH=$(cd "${PARP_ROOT}" && pwd -P)
fi
export PYTHONPATH

# Kaldi's files are sorted bytewise; Python reads and writes UTF-8 all the same.
export LC_ALL=C
export PYTHONUTF8=1

# A number of threads that is fixed: with another one, floating-point sums differ in their last bits.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$(nproc)}
