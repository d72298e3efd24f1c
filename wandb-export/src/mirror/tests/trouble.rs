//! What disks do that do not work.

use std::io;

/// What becomes of a disk. Each byte that is written counts, and each file that is made, synced, renamed or removed.
#[derive(Debug, Clone, Default)]
pub(super) enum Trouble {
    /// It works.
    #[default]
    None,
    /// It can still do so much, and then nothing is changed any more.
    Full { left: u64 },
    /// Now and then something cannot be done.
    Flaky { chance: f64, rng: fastrand::Rng },
    /// It can still do so much, and then the process is no more.
    Ends { left: u64 },
}

/// What a disk still does, and what it has done.
#[derive(Debug, Default)]
pub(super) struct Meter {
    trouble: Trouble,
    spent: u64,
}

impl Meter {
    pub(super) fn new(trouble: Trouble) -> Self {
        Self { trouble, spent: 0 }
    }

    pub(super) fn spent(&self) -> u64 {
        self.spent
    }

    /// From now on nothing is done any more.
    pub(super) fn end(&mut self) {
        self.trouble = Trouble::Ends { left: 0 };
    }

    /// Whether something can be read.
    pub(super) fn read(&mut self) -> io::Result<()> {
        match &mut self.trouble {
            Trouble::Ends { left: 0 } => Err(ended()),
            Trouble::Flaky { chance, rng } => fail(*chance, rng),
            _ => Ok(()),
        }
    }

    /// Whether one thing can be done.
    pub(super) fn act(&mut self) -> io::Result<()> {
        self.write(1).map(|_| ())
    }

    /// How many of `wanted` bytes can be written.
    pub(super) fn write(&mut self, wanted: usize) -> io::Result<usize> {
        let done = match &mut self.trouble {
            Trouble::None => wanted,
            Trouble::Full { left } => spend(left, wanted, full)?,
            Trouble::Ends { left } => spend(left, wanted, ended)?,
            Trouble::Flaky { chance, rng } => {
                fail(*chance, rng)?;
                // A disk may also take less than it was given.
                if wanted > 1 && rng.f64() < *chance { rng.usize(1..wanted) } else { wanted }
            }
        };
        self.spent += done as u64;
        Ok(done)
    }
}

fn spend(left: &mut u64, wanted: usize, error: fn() -> io::Error) -> io::Result<usize> {
    let done = usize::try_from(*left).unwrap_or(usize::MAX).min(wanted);
    *left -= done as u64;
    if done == 0 && wanted > 0 { Err(error()) } else { Ok(done) }
}

fn full() -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "the disk is full in this test")
}

fn fail(chance: f64, rng: &mut fastrand::Rng) -> io::Result<()> {
    if rng.f64() < chance {
        return Err(io::Error::other("the disk has failed just once in this test"));
    }
    Ok(())
}

fn ended() -> io::Error {
    io::Error::other("the process is no more in this test")
}
