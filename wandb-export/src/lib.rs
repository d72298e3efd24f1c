//! Export runs, metrics, files and settings from Weights & Biases, complete and exact
