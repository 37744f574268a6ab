# shellcheck shell=bash
# The one place that knows where jobs run. Any command of Kaldi's queue contract will do:
#
#     CMD [--mem 4G] [--time T] [--num_threads N] [--gpu N] [--max_jobs_run N] [--config FILE] [JOB=1:N] LOG COMMAND…
#
# On a cluster put Kaldi's `queue.pl` or `slurm.pl` here, with the options your queue wants.
local_cmd="python3 -m parp_espnet.bin.run_local"

export train_cmd="${train_cmd:-${local_cmd}}"    # preparing data, statistics
export cuda_cmd="${cuda_cmd:-${local_cmd}}"      # training; phn.sh adds --gpu
export decode_cmd="${decode_cmd:-${local_cmd}}"  # decoding
