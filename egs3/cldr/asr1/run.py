"""Phone recognition of synthetic Spanish, trained by espnet3 and pruned meanwhile.

cd egs3/cldr/asr1 && . ../../../path.sh
python3 run.py --training_config conf/training.yaml
"""

from parp_espnet.espnet3.launch import main

if __name__ == "__main__":
    main()
