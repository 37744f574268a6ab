"""What is wrong with Kaldi data directories.

    faults   the kinds of fault and their levels
    tables   the lines of one file
    folder   the files of one directory, which have to agree
    audio    the recordings, decoded once, in parallel; riff is what a wav's own header says
    judge    what is wrong with what was heard
    text     what is wrong with phones
    unseen   phones that training has not, and what they look like
    words    what is in the place of phones
    across   what sets may not share
    run      all of it, in one pass
    report   how it is said
    fix      clean copies

`run.check` and `fix.fix` are what a program calls; they change nothing in the directories that they
are given.
"""
