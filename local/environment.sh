#!/usr/bin/env bash
# Makes the Python environment of requirements.lock, or leaves it alone when it is already that.
#
#     local/environment.sh              make it in .venv, if needed; says nothing when there is nothing to do
#     PYTHON=/opt/python3.12 …          with this interpreter (3.12 or 3.13)
#     PARP_VENV=/scratch/venv …         in this directory
#
# pip's own words are in .venv/install.log.
set -euo pipefail

# What lies in the present directory is none of Python's modules.
export PYTHONSAFEPATH=1
# pip would take what lies there for installed.
unset PYTHONPATH PYTHONHOME
root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${PARP_VENV:-${root}/.venv}
lock=${root}/requirements.lock
stamp=${venv}/requirements.sha256
log=${venv}/install.log
# shellcheck source=local/steps.sh
. "${root}/local/steps.sh"

die() {
    echo "error: $*" >&2
    exit 2
}

# is_suitable PYTHON: it runs (a pyenv shim may be there and not run), is 3.12 or 3.13, and can make an environment.
is_suitable() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] not in ((3, 12), (3, 13)))' \
        >/dev/null 2>&1
}

candidates() {
    printf '%s\n' python3.12 python3.13 python3
    local version
    for version in 3.12 3.13; do
        # pyenv: by its own word, then where it puts interpreters even when it is not on the path.
        echo "$(pyenv prefix "$(pyenv latest "${version}" 2>/dev/null)" 2>/dev/null)/bin/python3"
        printf '%s\n' "${PYENV_ROOT:-${HOME}/.pyenv}/versions/${version}".*/bin/python3
        uv python find --no-project "${version}" 2>/dev/null || true
    done
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        is_suitable "${PYTHON}" || die "PYTHON=${PYTHON}: expected a Python 3.12 or 3.13 that can make environments" \
            "(modules venv and ensurepip), found: $("${PYTHON}" --version 2>&1 || true)"
        echo "${PYTHON}"
        return
    fi
    local candidate
    while read -r candidate; do
        if is_suitable "${candidate}"; then
            echo "${candidate}"
            return
        fi
    done < <(candidates)
    die "no Python 3.12 or 3.13 with the modules venv and ensurepip: looked for python3.12, python3.13 and python3 on" \
        "the path, under pyenv and under uv. Install one ('apt-get install python3.12-venv', 'uv python install 3.12'," \
        "'pyenv install 3.12') or name it: PYTHON=/path/to/python3.12"
}

# show_progress TOTAL: until it is killed, one line that says how many packages are fetched and installed.
show_progress() {
    local total=$1 begin=${SECONDS} fetched installed done_ left line
    while sleep 1; do
        fetched=$(grep -c -E '^(Collecting|Processing|Ignoring|Requirement already)' "${log}" || true)
        installed=$(find "${venv}"/lib/python3*/site-packages -maxdepth 1 -name '*.dist-info' 2>/dev/null | wc -l)
        fetched=$((fetched < total ? fetched : total))
        installed=$((installed < total ? installed : total))
        done_=$((fetched + installed))
        left=$((done_ > 0 ? (SECONDS - begin) * (2 * total - done_) / done_ : 0))
        line="environment: ${fetched}/${total} packages fetched, ${installed} installed"
        line+=", $((SECONDS - begin)) s, about ${left} s left"
        if [ -t 2 ]; then
            printf '\r\033[K%s' "${line}" >&2
        elif (((SECONDS - begin) % 10 == 0)); then
            echo "${line}" >&2
        fi
    done
}

# logged COMMAND…: become the command, with all it says in the log.
logged() {
    exec "$@" >>"${log}" 2>&1
}

install() {
    local total monitor
    total=$(grep -c '==' "${lock}")
    : >"${log}"
    show_progress "${total}" &
    monitor=$!
    # shellcheck disable=SC2064 # this monitor, whatever the variable says later
    trap "kill ${monitor} 2>/dev/null || true" EXIT
    # The lock is complete, so there is nothing to resolve; the project itself is linked, not copied.
    if ! {
        run logged "${venv}/bin/python" -m pip install --progress-bar off --no-deps -r "${lock}" &&
            run logged "${venv}/bin/python" -m pip install --no-deps --no-build-isolation -e "${root}"
    }; then
        [ ! -t 2 ] || echo >&2
        tail -n 5 "${log}" >&2
        die "pip failed; all it said is in ${log}"
    fi
    kill "${monitor}" 2>/dev/null || true
    [ ! -t 2 ] || echo >&2
}

# linked: the checkout that the environment is linked to, by pip's own record; nothing where there is none.
linked() {
    local url
    url=$(grep -h -o '"url": *"file://[^"]*"' "${venv}"/lib/python3*/site-packages/parp_espnet-*.dist-info/direct_url.json \
        2>/dev/null) || return 0
    url=${url##*\"file://}
    printf '%b\n' "${url//%/\\x}" | { IFS= read -r url && echo "${url%\"}"; }
}

# say_whose: in one line, that another checkout has had the environment until now.
say_whose() {
    local before
    before=$(linked)
    if [ -n "${before}" ] && [ "${before}" != "$(cd "${root}" && pwd -P)" ] && [ "${before}" != "${root}" ]; then
        echo "environment: ${venv} was that of ${before}, whose requirements.lock or pyproject.toml is another; now it is" \
            "that of ${root}; until the other takes it back, at its next start. A PARP_VENV for each keeps both" >&2
    fi
}

# Of pyproject.toml too: it names the commands that are installed.
wanted=$(cat "${lock}" "${root}/pyproject.toml" | sha256sum)
if [ "$(cat "${stamp}" 2>/dev/null)" = "${wanted}" ] && "${venv}/bin/python" -I -S -c '' 2>/dev/null; then
    exit 0
fi

mkdir -p "${venv}"
exec 9>>"${venv}/.lock"
flock --nonblock 9 || { echo "environment: waiting for another process that is making it" >&2; run flock 9; }
if [ "$(cat "${stamp}" 2>/dev/null)" = "${wanted}" ]; then
    exit 0
fi
say_whose
if ! "${venv}/bin/python" -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    echo "environment: making ${venv} with $("${python}" --version) ($(command -v "${python}"))" >&2
    run logged "${python}" -m venv "${venv}" || die "cannot make ${venv}: $(tail -n 1 "${log}")"
fi
begin=${SECONDS}
install
# Written last: without it the installation is taken up again.
echo "${wanted}" >"${stamp}"
echo "environment: ready in ${venv} after $((SECONDS - begin)) s" >&2
