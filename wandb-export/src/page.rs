//! Columnar pages of history rows, which keep values as the text in which they arrived.

pub use wandb_core::page::{Cell, CellKind, Column, Page};
