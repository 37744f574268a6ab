"""The second adapter: espnet3, whose trainer is Lightning's. The core is the first one's."""
