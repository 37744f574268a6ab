"""A step of an experiment: its row in `parp_espnet.bin.steps` says what it does."""

from parp_espnet.bin.steps import command_of

main = command_of(__spec__.name)

if __name__ == "__main__":
    main()
