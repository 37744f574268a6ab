# shellcheck shell=bash
# What run.sh and the templates, phn.sh and glue.sh, have in common. Where a plan is evaluated, it has set stages,
# stage_names and dry_run.

steps=$(dirname "${BASH_SOURCE[0]}")

# show_help NAME WORDS…: where --help is among the words, show the text that `make help` has written, and what the recipe gives
# before the user's words; then end. It takes no Python, and nothing is made.
show_help() {
    local word given=()
    for word in "${@:2}"; do
        if [[ ${word} = --help || ${word} = -h ]]; then
            cat "${steps}/help/$1.txt"
            [ ${#given[@]} -eq 0 ] || printf '\ngiven here: %s\n' "$(quoted "${given[@]}")"
            exit
        fi
        given+=("${word}")
    done
}

# run COMMAND…: run a command so that Ctrl-C ends it through us. Directly, it would get the terminal's signal too, and a
# Python that is still importing answers with a traceback.
run() {
    "$@" &
    wait $!
}

# quietly COMMAND…: run a short command that Ctrl-C does not reach; we are interrupted when it has ended.
quietly() {
    trap '' INT
    "$@"
}

end_child() {
    local child
    trap '' INT TERM
    for child in $(jobs -p); do
        kill -TERM "${child}" 2>/dev/null || true
        wait "${child}" || true
    done
}

interrupted() {
    end_child
    echo "interrupted: what was complete stays; the same command continues" >&2
    exit 130
}

# Whoever ends us by SIGTERM, such as the run that this one is a part of, tells the user.
terminated() {
    end_child
    exit 143
}
trap interrupted INT
trap terminated TERM

# quoted WORDS…: the words on one line, as a shell and Python's shlex read them; printf's %q has $'…', which shlex has not.
quoted() {
    local word line=() quote="'\"'\"'"
    for word in "$@"; do
        [[ ${word} =~ ^[A-Za-z0-9_@%+=:,./-]+$ ]] || word="'${word//\'/"${quote}"}'"
        line+=("${word}")
    done
    printf '%s\n' "${line[*]}"
}

# at_stage N: whether stage N is to run; names it for its steps.
at_stage() {
    [[ " ${stages:?} " == *" $1 "* ]] || return 1
    label="stage $1 (${stage_names[$1]:?})"
}

# step RECORD [options] -- COMMAND…: run a command of the stage, unless RECORD says that it is complete.
step() {
    run python3 -P -m parp_espnet.bin.step --label "${label}" --dry_run "${dry_run:?}" --record "$@"
}

# show_or_run COMMAND…: run a command that remembers by itself what is complete; in a dry run, print it.
show_or_run() {
    if [ "${dry_run:?}" = true ]; then
        echo "${label}: $(quoted "$@")"
    else
        run "$@"
    fi
}

# lock FILE WHAT WAIT: hold FILE for as long as we run. The kernel drops the lock with its holder, so none is ever stale.
lock() {
    exec 9>>"$1"
    if ! flock --nonblock 9; then
        local holder
        holder="$2 is in use by $(cat "$1") or a command that it started"
        if [ "$3" = false ]; then
            echo "error: ${holder}; wait for it or end it" >&2
            exit 2
        fi
        echo "${holder}; waiting for it" >&2
        run flock 9
    fi
    echo "process $$ on $(hostname)" >"$1"
}

declared=()

# stage N NAME: declare a stage of a template.
stage() {
    declared+=("$1=$2")
}

# run_stages TEMPLATE OPTIONS…: run the stages that were declared, of the experiment that the options describe.
run_stages() {
    show_help "$@"
    # shellcheck source=path.sh
    . "${root:?}/path.sh"
    # shellcheck source=cmd.sh
    . "${root}/cmd.sh"
    # shellcheck source=db.sh
    . "${root}/db.sh"
    run python3 -P -m parp_espnet.bin.run_stages "$1" "${declared[@]}" -- "${@:2}"
}
