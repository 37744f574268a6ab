"""Each of the paper's claims, judged by what was measured: a verdict, and the numbers in words."""
