"""Series in CSV files: readings in, anomaly scores out."""
