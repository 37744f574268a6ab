"""The corpora, each declared in a module of its own: what it is told, who reads it, its recipes.

Options are read from here by every command, so nothing that takes long is imported: the readers
are, when they are called.
"""
