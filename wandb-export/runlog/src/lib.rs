//! Reads the `.wandb` files that the Weights & Biases SDK writes for every run, on- or offline.
pub mod log;
