"""The one door that sound comes in through: files, parts of them, Kaldi archives, what commands
write.

with open_sound("talk.flac") as sound:
    samples = sound.read(0, sound.rate)        float32 in [-1, 1], (frames, channels)
"""
