//! A disk in memory that fails, and loses unsynced data at a power cut.
//!
//! A [`MemoryDisk`] is the disk as one process sees it, with its [`Trouble`]. Its [`Image`] outlives the process.
//!
//! ```
//! use std::io::Write as _;
//! use wandb_storage::simulation::{Image, MemoryDisk, Trouble};
//! use wandb_storage::{Folder, Storage as _};
//!
//! let disk = MemoryDisk::failing(Image::default(), Trouble::None, 0);
//! let folder = Folder::on(disk.clone());
//! let mut staged = folder.stage()?;
//! staged.write_all(b"loss")?;
//! folder.put("a", staged)?;
//! folder.persist(&["a"])?;
//!
//! let mut image = disk.take();
//! image.power_cut(&mut fastrand::Rng::with_seed(0));
//! assert_eq!(image.readable()["a"], b"loss");
//! # Ok::<(), std::io::Error>(())
//! ```

mod disk;
mod image;
mod trouble;

pub use disk::MemoryDisk;
pub use image::Image;
pub use trouble::Trouble;
