"""A trained model as others load it: one folder that recognises, and files for stock tools."""
