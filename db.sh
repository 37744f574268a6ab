# shellcheck shell=bash
# Where corpora are on this machine: a line for each that you have, such as
#
#     export MBOSHI=${MBOSHI:-/data/mboshi}
#
# The variable is the option's name in capitals. Which there are, `egs2/mboshi/mb/run.sh --help` tells under "options of --corpus …", and a
# recipe whose corpus it cannot find tells what the folder has to be. The option (--mboshi DIR) goes before. GLUE is the folder
# that holds CoLA/, SST-2/, …, as GLUE is distributed. Nothing is downloaded: each recipe says what to get from where. cldr and
# mini_an4 need nothing.
