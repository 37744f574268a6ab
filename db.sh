# shellcheck shell=bash
# Where corpora are on this machine; an option of the same name in small letters (--mboshi DIR) goes before. Nothing is
# downloaded: each recipe says what to get from where. cldr and mini_an4 need nothing.
export MBOSHI=${MBOSHI:-} # the directory that holds full_corpus_newsplit/
export COMMONVOICE=${COMMONVOICE:-} # an unpacked release, the directory that holds es/, fr/, …, or one of these
export COMMONVOICE_SPLITS=${COMMONVOICE_SPLITS:-} # common_voices_splits/, for the paper's sets and phones
export LIBRILIGHT=${LIBRILIGHT:-} # librispeech_finetuning/, which holds 1h/ and 9h/
export LIBRISPEECH=${LIBRISPEECH:-} # LibriSpeech/, which holds dev-other/, test-clean/, …
export AN4=${AN4:-} # the directory that holds etc/ and wav/
export OWN=${OWN:-} # recordings of your own: see egs2/own/README.md
export GLUE=${GLUE:-} # the folder that holds CoLA/, SST-2/, …, as GLUE is distributed
