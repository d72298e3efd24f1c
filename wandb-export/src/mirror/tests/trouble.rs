//! What disks do that do not work.

use std::io;

/// What becomes of a disk. What counts is what is done to it: bytes written at once, a file made, synced, renamed or removed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Trouble {
    /// It works.
    #[default]
    None,
    /// So much is done, and then nothing is changed any more.
    Full { after: u64 },
    /// Now and then something is not done, or not wholly.
    Flaky { chance: f64 },
    /// So much is done, and then the process is no more.
    Ends { after: u64 },
    /// One thing that it is asked for fails, be it something to be read.
    Fails { at: u64 },
}

/// What a disk still does, and what it has done.
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

    /// How much has been done.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// How much it was asked for.
    pub(super) fn asked(&self) -> u64 {
        self.asked
    }

    /// From now on nothing is done any more.
    pub(super) fn end(&mut self) {
        self.trouble = Trouble::Ends { after: 0 };
    }

    /// Whether something can be read.
    pub(super) fn read(&mut self) -> io::Result<()> {
        self.asked += 1;
        match self.trouble {
            Trouble::Ends { after } if self.done >= after => Err(ended()),
            Trouble::Fails { at } if self.asked == at + 1 => Err(failed()),
            Trouble::Flaky { chance } if self.rng.f64() < chance => Err(failed()),
            _ => Ok(()),
        }
    }

    /// Whether one thing can be done.
    pub(super) fn act(&mut self) -> io::Result<()> {
        self.write(1).map(|_| ())
    }

    /// How many of `wanted` bytes can be written at once.
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
    io::Error::other("the disk has failed just once in this test")
}

fn ended() -> io::Error {
    io::Error::other("the process is no more in this test")
}
