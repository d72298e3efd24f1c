//! Simulated disk faults.

use std::io;

/// The fault of a disk. Operations are counted: a single write, or creating, syncing, renaming or removing a
/// file.
#[derive(Debug, Clone, Copy, Default)]
pub enum Trouble {
    /// No fault.
    #[default]
    None,
    /// After this many operations, every change fails. Reads still succeed.
    Full {
        /// The number of operations.
        after: u64,
    },
    /// Each operation fails with this probability, or writes only a part.
    Flaky {
        /// The probability.
        chance: f64,
    },
    /// After this many operations, the process is killed: changes and reads fail.
    Ends {
        /// The number of operations.
        after: u64,
    },
    /// The operation of this number fails, counting reads too.
    Fails {
        /// The number, from 0.
        at: u64,
    },
}

/// Decides which operations succeed, and counts them.
#[derive(Debug)]
pub(super) struct Meter {
    trouble: Trouble,
    rng: fastrand::Rng,
    done: u64,
    asked: u64,
}

impl Meter {
    pub(super) fn new(trouble: Trouble, seed: u64) -> Self {
        Self { trouble, rng: fastrand::Rng::with_seed(seed), done: 0, asked: 0 }
    }

    /// Returns the number of changes made.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// Returns the number of operations requested.
    pub(super) fn asked(&self) -> u64 {
        self.asked
    }

    /// Lets every later operation fail.
    pub(super) fn end(&mut self) {
        self.trouble = Trouble::Ends { after: 0 };
    }

    /// Checks whether a read succeeds.
    pub(super) fn read(&mut self) -> io::Result<()> {
        self.asked += 1;
        match self.trouble {
            Trouble::Ends { after } if self.done >= after => Err(ended()),
            Trouble::Fails { at } if self.asked == at + 1 => Err(failed()),
            Trouble::Flaky { chance } if self.rng.f64() < chance => Err(failed()),
            _ => Ok(()),
        }
    }

    /// Checks whether a change succeeds.
    pub(super) fn act(&mut self) -> io::Result<()> {
        self.write(1).map(|_| ())
    }

    /// Returns how many of `wanted` bytes a single write takes.
    pub(super) fn write(&mut self, wanted: usize) -> io::Result<usize> {
        self.asked += 1;
        let is_last = match self.trouble {
            Trouble::Fails { at } if self.asked == at + 1 => return Err(failed()),
            Trouble::None | Trouble::Fails { .. } => false,
            Trouble::Full { after } if self.done >= after => return Err(full()),
            Trouble::Ends { after } if self.done >= after => return Err(ended()),
            Trouble::Flaky { chance } if self.rng.f64() < chance => return Err(failed()),
            Trouble::Full { after } | Trouble::Ends { after } => self.done + 1 == after,
            Trouble::Flaky { chance } => self.rng.f64() < chance,
        };
        self.done += 1;
        Ok(if is_last && wanted > 1 { self.rng.usize(1..=wanted) } else { wanted })
    }
}

fn full() -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "the disk is full in this test")
}

fn failed() -> io::Error {
    io::Error::other("a single disk operation has failed in this test")
}

fn ended() -> io::Error {
    io::Error::other("the process has been killed in this test")
}
