//! Reads a log file block by block and resumes after damage.

use std::io::{self, Chain, Cursor, Read, Seek, SeekFrom};

use bytes::Bytes;

use super::chunk::{BLOCK, Chunk, HEADER, Part, chunk};
use super::damage::{Damage, DamageKind};
use super::layout::{FILE_HEADER, Layout};

/// Size in bytes above which a record counts as damage. The SDK refuses to send anything near it.
const LARGEST_RECORD: usize = 256 << 20;

/// An entry of a log file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A readable record.
    Record(RawRecord),
    /// Unreadable bytes, after which reading resumes.
    Damage(Damage),
}

/// An undecoded record: a message `Record` of the SDK's `wandb_internal.proto`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawRecord {
    /// The offset of its start in the file.
    pub offset: u64,
    /// The offset of its end in the file.
    pub end: u64,
    /// The encoded message.
    pub payload: Bytes,
}

/// Reads the records of a log in order, with one block and one record in memory.
///
/// Skips and reports damage: after a bad chunk, reading resumes at the next chunk if that one is valid, else at the
/// next block.
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
    /// The bytes read to detect the layout, followed by the rest.
    source: Chain<Cursor<Vec<u8>>, R>,
    layout: Layout,
    block: Bytes,
    /// The offset of the block in the file.
    block_at: u64,
    /// The position of the next chunk in the block.
    at: usize,
    /// The offset and the parts so far of an incomplete record.
    parts: Option<(u64, Vec<u8>)>,
    /// The start of the current damage, and its kind.
    lost: Option<(u64, DamageKind)>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was read yet.
    New,
    /// In the middle of the file.
    Open,
    /// At the end of the file.
    Ended,
}

impl<R: Read> LogReader<R> {
    /// Makes a reader that starts at the beginning of a file.
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

    /// Returns the next record or damage; `None` at the end of the file.
    ///
    /// # Errors
    /// Only errors of the source. Unreadable content is returned as damage.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        if self.state == State::New {
            self.state = State::Open;
            self.read_header()?;
        }
        while self.state == State::Open {
            if self.at + HEADER > self.block.len() {
                if self.block.len() == BLOCK {
                    self.block_at += BLOCK as u64;
                    self.at = 0;
                    self.read_block()?;
                    continue;
                }
                self.state = State::Ended;
                return Ok(self.take_final_damage().map(Entry::Damage));
            }
            if let Some(entry) = self.process_chunk() {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// Reads the next block, or less at the end of the file.
    fn read_block(&mut self) -> io::Result<()> {
        // A new buffer for each block, because records borrow from it.
        let mut block = Vec::with_capacity(BLOCK);
        self.source.by_ref().take(BLOCK as u64).read_to_end(&mut block)?;
        self.block = block.into();
        Ok(())
    }

    /// Detects the layout and skips the header.
    fn read_header(&mut self) -> io::Result<()> {
        let (ahead, source) = self.source.get_mut();
        let mut bytes = Vec::new();
        self.layout = Layout::find(source, &mut bytes)?;
        let is_damaged =
            !bytes.is_empty() && !bytes.starts_with(&FILE_HEADER) && !FILE_HEADER.starts_with(&bytes);
        let is_whole = bytes.starts_with(&FILE_HEADER);
        // The data of such a file did not reach the disk before a system crash.
        let are_zeros = bytes.iter().all(|&byte| byte == 0);
        *ahead = Cursor::new(bytes);
        let first_block = self.layout.first_block();
        if first_block > 0 {
            ahead.set_position(first_block);
            self.block_at = first_block;
        }
        self.read_block()?;
        if is_damaged {
            // Perhaps only the header is damaged, so reading continues.
            self.mark_lost(0, if are_zeros { DamageKind::Zeros } else { DamageKind::Header });
        }
        if first_block == 0 && (is_damaged || is_whole) {
            self.at = HEADER;
        }
        Ok(())
    }

    /// Processes one chunk.
    fn process_chunk(&mut self) -> Option<Entry> {
        let start = self.file_offset(self.at);
        match chunk(&self.block, self.at) {
            Chunk::Good(part, data) => {
                if matches!(part, Part::Full | Part::First)
                    && let Some(damage) = self.take_damage_before(start)
                {
                    // The next call processes the chunk again.
                    return Some(Entry::Damage(damage));
                }
                self.at = data.end;
                return self.process_part(part, start, data);
            }
            Chunk::Zeros => {
                let rest = &self.block[self.at..];
                let zeros = rest.iter().take_while(|&&byte| byte == 0).count();
                let kind = if zeros == rest.len() { DamageKind::Zeros } else { DamageKind::Checksum };
                self.mark_lost(start, kind);
                self.at = self.block.len();
            }
            Chunk::Cut => {
                self.mark_lost(start, DamageKind::Cut);
                self.at = self.block.len();
            }
            Chunk::TooLong => {
                self.mark_lost(start, DamageKind::Length);
                self.at = self.block.len();
            }
            Chunk::BadChecksum(end) => {
                self.mark_lost(start, DamageKind::Checksum);
                let resumes_here =
                    end + HEADER <= self.block.len() && matches!(chunk(&self.block, end), Chunk::Good(..));
                self.at = if resumes_here { end } else { self.block.len() };
            }
            Chunk::UnknownType(end) => {
                self.mark_lost(start, DamageKind::Type);
                self.at = end;
            }
        }
        None
    }

    fn process_part(&mut self, part: Part, start: u64, data: std::ops::Range<usize>) -> Option<Entry> {
        let end = self.file_offset(data.end);
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
                    self.mark_lost(start, DamageKind::Parts);
                    return None;
                };
                if parts.len() + data.len() > LARGEST_RECORD {
                    self.mark_lost(offset, DamageKind::TooLarge);
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

    /// Records damage at `from`, which also covers an incomplete record before it.
    fn mark_lost(&mut self, from: u64, kind: DamageKind) {
        let from = self.parts.take().map_or(from, |(offset, _)| offset);
        self.lost.get_or_insert((from, kind));
    }

    /// Takes the damage that ends where a record starts.
    fn take_damage_before(&mut self, start: u64) -> Option<Damage> {
        if let Some((offset, _)) = self.parts {
            self.mark_lost(offset, DamageKind::Parts);
        }
        let (offset, kind) = self.lost.take()?;
        Some(Damage { offset, bytes: start - offset, kind, at_end: false })
    }

    /// Takes the damage at the end of the file.
    fn take_final_damage(&mut self) -> Option<Damage> {
        let end = self.file_offset(self.block.len());
        // A rest of a block that is too short for a chunk header is padding.
        let is_padding = self.at + HEADER > BLOCK;
        if (self.at < self.block.len() && !is_padding) || self.parts.is_some() {
            let start = self.file_offset(self.at);
            self.mark_lost(start, DamageKind::Cut);
        }
        let (offset, kind) = self.lost.take()?;
        Some(Damage { offset, bytes: end - offset, kind, at_end: true })
    }

    fn file_offset(&self, in_block: usize) -> u64 {
        self.block_at + in_block as u64
    }
}

impl<R: Read + Seek> LogReader<R> {
    /// Resumes at an offset where a record starts: the end of the previous record, or the start of [`Damage`] at the
    /// end of the file. Used to follow a file that is still being written.
    ///
    /// # Errors
    /// Only errors of the source.
    pub fn resume_at(mut source: R, offset: u64) -> io::Result<Self> {
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
        reader.read_block()?;
        // If the file was truncated, there is nothing more to read.
        reader.at = in_block.min(reader.block.len());
        reader.state = State::Open;
        Ok(reader)
    }
}
