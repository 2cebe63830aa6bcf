"""Training: rows from tasks, layouts of batches, recipes, and fine-tuning (Chen et al. 2021, §4.4)."""
