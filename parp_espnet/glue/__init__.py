"""Text tasks in GLUE's form: the paper's other half, with BERT and XLNet."""
