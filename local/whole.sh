#!/usr/bin/env bash
# Writes what a command says to a file, whole or not at all: where the command fails, says nothing, or is interrupted, the file
# stays as it was.
#
#     local/whole.sh FILE COMMAND…
set -euo pipefail

file=$1
shift
new=$(mktemp "${file}.XXXXXX.tmp")
trap 'rm -f "${new}"' EXIT
"$@" >"${new}"
if [ ! -s "${new}" ]; then
    echo "error: ${file}: expected words from $*, found none; it stays as it was" >&2
    exit 1
fi
chmod "$(printf '%o' $((0666 & ~$(umask))))" "${new}"
mv "${new}" "${file}"
