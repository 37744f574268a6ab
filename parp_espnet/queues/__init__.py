"""Where jobs run: this machine, or a cluster, with option maps in Kaldi's syntax."""
