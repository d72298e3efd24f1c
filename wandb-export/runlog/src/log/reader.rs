//! Reads a file block by block, and goes on behind what is damaged.

use std::io::{self, Chain, Cursor, Read, Seek, SeekFrom};

use bytes::Bytes;

use super::chunk::{BLOCK, Chunk, HEADER, Part, chunk};
use super::damage::{Damage, DamageKind};
use super::layout::{Layout, MARK};

/// Records that are larger are taken for damage; the SDK refuses to send anything near it.
const LARGEST_RECORD: usize = 256 << 20;

/// What comes next in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A record.
    Record(RawRecord),
    /// Something that could not be read. What comes after it has been found again.
    Damage(Damage),
}

/// A record as it is stored: a message `Record` of the SDK's `wandb_internal.proto`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawRecord {
    /// Where in the file it begins.
    pub offset: u64,
    /// Where in the file it ends.
    pub end: u64,
    /// The message.
    pub payload: Bytes,
}

/// Reads the records of a log, one after the other, in memory for one block and one record.
///
/// Damage is passed over: behind a bad chunk reading goes on with the next one if that is good, else at the next block.
/// What was lost is told where it was.
///
/// ```
/// use wandb_runlog::log::{DamageKind, Entry, LogReader};
///
/// let mut reader = LogReader::new(&b"not a run"[..]);
/// let Some(Entry::Damage(damage)) = reader.next_entry()? else { panic!("there are no records") };
/// assert_eq!((damage.offset, damage.bytes, damage.kind), (0, 9, DamageKind::Header));
/// assert_eq!(reader.next_entry()?, None);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct LogReader<R> {
    /// The bytes that were looked at to find the layout, then the rest.
    source: Chain<Cursor<Vec<u8>>, R>,
    layout: Layout,
    block: Bytes,
    /// Where in the file the block begins.
    block_at: u64,
    /// Where in the block the next chunk begins.
    at: usize,
    /// The parts so far of a record, and where it begins.
    parts: Option<(u64, Vec<u8>)>,
    /// Where what cannot be read has begun.
    lost: Option<(u64, DamageKind)>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing has been read yet.
    New,
    /// In the middle of the file.
    Open,
    /// Everything has been read.
    Ended,
}

impl<R: Read> LogReader<R> {
    /// Reads from the beginning of a file.
    pub fn new(source: R) -> Self {
        Self {
            source: Cursor::new(Vec::new()).chain(source),
            layout: Layout::default(),
            block: Bytes::new(),
            block_at: 0,
            at: 0,
            parts: None,
            lost: None,
            state: State::New,
        }
    }

    /// The next record or damage, `None` at the end of the file.
    ///
    /// # Errors
    /// Those of the source alone; whatever it holds is a record or damage.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        if self.state == State::New {
            self.state = State::Open;
            self.begin()?;
        }
        while self.state == State::Open {
            if self.at + HEADER > self.block.len() {
                if self.block.len() == BLOCK {
                    self.block_at += BLOCK as u64;
                    self.at = 0;
                    self.fill()?;
                    continue;
                }
                self.state = State::Ended;
                return Ok(self.rest().map(Entry::Damage));
            }
            if let Some(entry) = self.chunk() {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// Reads as much of a block as there is.
    fn fill(&mut self) -> io::Result<()> {
        // Records share the block that they lie in.
        let mut block = Vec::with_capacity(BLOCK);
        self.source.by_ref().take(BLOCK as u64).read_to_end(&mut block)?;
        self.block = block.into();
        Ok(())
    }

    /// Finds the layout, and passes over the mark that the file begins with.
    fn begin(&mut self) -> io::Result<()> {
        let (ahead, source) = self.source.get_mut();
        let mut bytes = Vec::new();
        self.layout = Layout::find(source, &mut bytes)?;
        let is_damaged = !bytes.is_empty() && !bytes.starts_with(&MARK) && !MARK.starts_with(&bytes);
        let is_whole = bytes.starts_with(&MARK);
        // A file that was not on the disk when the system crashed.
        let are_zeros = bytes.iter().all(|&byte| byte == 0);
        *ahead = Cursor::new(bytes);
        let outside = self.layout.first_block();
        if outside > 0 {
            ahead.set_position(outside);
            self.block_at = outside;
        }
        self.fill()?;
        if is_damaged {
            // It may be only the mark that is damaged.
            self.lose(0, if are_zeros { DamageKind::Zeros } else { DamageKind::Header });
        }
        if outside == 0 && (is_damaged || is_whole) {
            self.at = HEADER;
        }
        Ok(())
    }

    /// Looks at one chunk.
    fn chunk(&mut self) -> Option<Entry> {
        let start = self.place(self.at);
        match chunk(&self.block, self.at) {
            Chunk::Good(part, data) => {
                if matches!(part, Part::Full | Part::First)
                    && let Some(damage) = self.found(start)
                {
                    // The chunk is looked at again.
                    return Some(Entry::Damage(damage));
                }
                self.at = data.end;
                return self.part(part, start, data);
            }
            Chunk::Zeros => {
                let rest = &self.block[self.at..];
                let zeros = rest.iter().take_while(|&&byte| byte == 0).count();
                let kind = if zeros == rest.len() { DamageKind::Zeros } else { DamageKind::Checksum };
                self.lose(start, kind);
                self.at = self.block.len();
            }
            Chunk::Cut => {
                self.lose(start, DamageKind::Cut);
                self.at = self.block.len();
            }
            Chunk::TooLong => {
                self.lose(start, DamageKind::Length);
                self.at = self.block.len();
            }
            Chunk::BadChecksum(end) => {
                self.lose(start, DamageKind::Checksum);
                let goes_on =
                    end + HEADER <= self.block.len() && matches!(chunk(&self.block, end), Chunk::Good(..));
                self.at = if goes_on { end } else { self.block.len() };
            }
            Chunk::UnknownType(end) => {
                self.lose(start, DamageKind::Type);
                self.at = end;
            }
        }
        None
    }

    fn part(&mut self, part: Part, start: u64, data: std::ops::Range<usize>) -> Option<Entry> {
        let end = self.place(data.end);
        match part {
            Part::Full => {
                Some(Entry::Record(RawRecord { offset: start, end, payload: self.block.slice(data) }))
            }
            Part::First => {
                self.parts = Some((start, self.block[data].to_vec()));
                None
            }
            Part::Middle | Part::Last => {
                let Some((offset, mut parts)) = self.parts.take() else {
                    self.lose(start, DamageKind::Parts);
                    return None;
                };
                if parts.len() + data.len() > LARGEST_RECORD {
                    self.lose(offset, DamageKind::TooLarge);
                    return None;
                }
                parts.extend_from_slice(&self.block[data]);
                if part == Part::Last {
                    return Some(Entry::Record(RawRecord { offset, end, payload: parts.into() }));
                }
                self.parts = Some((offset, parts));
                None
            }
        }
    }

    /// Notes that what stands at `from` cannot be read, and with it the record that it was part of.
    fn lose(&mut self, from: u64, kind: DamageKind) {
        let from = self.parts.take().map_or(from, |(offset, _)| offset);
        self.lost.get_or_insert((from, kind));
    }

    /// What was lost before a record that begins at `start`.
    fn found(&mut self, start: u64) -> Option<Damage> {
        if let Some((offset, _)) = self.parts {
            self.lose(offset, DamageKind::Parts);
        }
        let (offset, kind) = self.lost.take()?;
        Some(Damage { offset, bytes: start - offset, kind, at_end: false })
    }

    /// What was lost at the end of the file.
    fn rest(&mut self) -> Option<Damage> {
        let end = self.place(self.block.len());
        // What is too short for a header at the end of a block is padding, whole or not.
        let is_padding = self.at + HEADER > BLOCK;
        if (self.at < self.block.len() && !is_padding) || self.parts.is_some() {
            let start = self.place(self.at);
            self.lose(start, DamageKind::Cut);
        }
        let (offset, kind) = self.lost.take()?;
        Some(Damage { offset, bytes: end - offset, kind, at_end: true })
    }

    fn place(&self, in_block: usize) -> u64 {
        self.block_at + in_block as u64
    }
}

impl<R: Read + Seek> LogReader<R> {
    /// Reads on from a place where a record begins: the end of one, or where [`Damage`] at the end of the file has
    /// begun. So a file that is being written can be read as it grows.
    ///
    /// # Errors
    /// Those of the source.
    pub fn go_on_at(mut source: R, offset: u64) -> io::Result<Self> {
        if offset == 0 {
            source.rewind()?;
            return Ok(Self::new(source));
        }
        source.rewind()?;
        let layout = Layout::find(&mut source, &mut Vec::new())?;
        let first = layout.first_block();
        let in_block = usize::try_from(offset.saturating_sub(first) % BLOCK as u64).unwrap_or_default();
        let block_at = offset.max(first) - in_block as u64;
        source.seek(SeekFrom::Start(block_at))?;
        let mut reader = Self::new(source);
        (reader.layout, reader.block_at) = (layout, block_at);
        reader.fill()?;
        // A file that has become shorter has nothing more.
        reader.at = in_block.min(reader.block.len());
        reader.state = State::Open;
        Ok(reader)
    }
}
