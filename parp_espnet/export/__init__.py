"""A trained model as others take it: formats that stock tools load, and our own."""
