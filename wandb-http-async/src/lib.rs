//! The async transport of wandb-export, over reqwest
