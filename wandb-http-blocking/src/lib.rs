//! The blocking transport of wandb-export, over ureq, with no async runtime
