# shellcheck shell=bash
# The one place that knows where jobs run:
#
#     local   this machine
#     slurm   sbatch, by the option map conf/slurm.conf
#     sge     Grid Engine's qsub, by conf/sge.conf
#     pbs     PBS's qsub, by conf/pbs.conf
#     ssh     the machines that .queue/machines lists
#
# Choose here, or for one run with `cmd_backend=slurm egs2/cldr/es/run.sh`. Any other command of Kaldi's queue contract
# may take the place of these:
#
#     CMD [--mem 4G] [--time T] [--num_threads N] [--gpu N] [--max_jobs_run N] [--config FILE] [JOB=1:N] LOG COMMAND…
export cmd_backend=${cmd_backend:-local}

case ${cmd_backend} in
local) jobs_cmd="python3 -m parp_espnet.bin.run_local" ;;
slurm | sge | pbs | ssh) jobs_cmd="python3 -m parp_espnet.bin.run_queue --backend ${cmd_backend}" ;;
*)
    echo "error: cmd_backend=${cmd_backend}: expected one of local slurm sge pbs ssh" >&2
    return 2
    ;;
esac

# What jobs ask for, a kind a line: options behind a command hold for all of its jobs, such as
# `${jobs_cmd} --mem 16G --time 1-0 --num_threads 4`. A job's name is that of its log.
export train_cmd="${train_cmd:-${jobs_cmd}}"    # what follows, where it has no line of its own
export data_cmd="${data_cmd:-${train_cmd}}"     # stages 1 and 2: a set is made, or formatted; phn.sh adds --num_threads
export stats_cmd="${stats_cmd:-${train_cmd}}"   # stages 7 and 10: statistics
export study_cmd="${study_cmd:-${train_cmd}}"   # an experiment of a study, all its stages; run.sh adds --gpu
export cuda_cmd="${cuda_cmd:-${jobs_cmd}}"      # stages 8 and 10: training; phn.sh adds --gpu
export decode_cmd="${decode_cmd:-${jobs_cmd}}"  # stage 12: decoding; phn.sh adds --gpu
