# shellcheck shell=bash
# Where corpora are on this machine. cldr and mini_an4 need nothing.
export MBOSHI=${MBOSHI:-} # the directory that holds full_corpus_newsplit/
