# shellcheck shell=bash
# What run.sh and the templates, phn.sh and glue.sh, have in common. The plan has set stages, stage_names and dry_run.

# asks_for_help WORDS…: whether --help is among the user's words.
asks_for_help() {
    local word
    for word in "$@"; do
        [[ ${word} != --help && ${word} != -h ]] || return 0
    done
    return 1
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

# Whether the steps of stages that are left out are looked at, whether those of this one are, and what they are.
looks_back=false
looking=false
looked=()

# at_stage N: whether stage N is to run; names it for its steps. Of a stage that is left out before others, the steps are
# looked at: nobody goes on with what is not as it would be now without a word.
at_stage() {
    label="stage $1 (${stage_names[$1]:?})"
    looking=false
    if [[ " ${stages:?} " == *" $1 "* ]]; then
        tell_overdue
        return 0
    fi
    [[ ${looks_back} = true && ${stages##* } -gt $1 ]] || return 1
    looking=true
}

# tell_overdue: warn of the steps that were looked at and would be made again.
tell_overdue() {
    [ ${#looked[@]} -gt 0 ] || return 0
    run python3 -P -m parp_espnet.bin.overdue "${looked[@]}"
    looked=()
}

# step RECORD [options] -- COMMAND…: run a command of the stage, unless RECORD says that it is complete.
step() {
    if [ "${looking}" = true ]; then
        looked+=(--label "${label}" --record "$@" $'\n')
    else
        run python3 -P -m parp_espnet.bin.step --label "${label}" --dry_run "${dry_run:?}" --record "$@"
    fi
}

# show_or_run COMMAND…: run a command that remembers by itself what is complete; in a dry run, print it.
show_or_run() {
    if [ "${looking}" = true ]; then
        return 0
    elif [ "${dry_run:?}" = true ]; then
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

# log WORDS…: say something of an experiment.
log() {
    echo "$(date '+%Y-%m-%dT%H:%M:%S') ($(basename "${recipe:?}") ${tag:?}) $*" >&2
}

# begin_experiment: make its directory, hold it for as long as we run, and keep its settings; in a dry run, print what whoever
# pastes the commands needs.
begin_experiment() {
    looks_back=true
    if [ "${dry_run:?}" = true ]; then
        echo "cd $(quoted "${recipe:?}") && . $(quoted "${PARP_ROOT:?}/path.sh")"
        [ "${corpus:-}" != none ] || echo "export datadir=$(quoted "${datadir:?}")"
        local kept=${settings:?}
        kept=${kept/'"dry_run": true'/'"dry_run": false'}
        echo "mkdir -p $(quoted "${exp:?}") && echo $(quoted "${kept}") >$(quoted "${exp}/settings.json")"
        return
    fi
    mkdir -p "${exp:?}/log"
    local where=${exp}
    [[ ${exp} == /* ]] || where=${recipe:?}/${exp}
    # The lock's name is that of all templates; phn.sh's trainer has one of its own.
    lock "${exp}/.phn.lock" "${where}" "${wait:?}"
    echo "${settings:?}" >"${exp}/settings.json"
    log "experiment in ${where}"
}
