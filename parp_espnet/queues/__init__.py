"""Jobs on a cluster: the option maps of Kaldi's configuration files, schedulers, and what drives
them.
"""
