"""Small-scale HuBERT-style pretraining (Hsu et al. 2021, arXiv 2106.07447) on synthetic speech."""
