#!/usr/bin/env bash
# Our queue by the name of Kaldi's, from which espnet2.bin.launch knows that srun starts a process on each node.
exec python3 -m parp_espnet.bin.run_queue --backend slurm "$@"
