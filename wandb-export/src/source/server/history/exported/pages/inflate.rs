//! Decompresses the body of a page piece by piece.

use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use parquet::basic::Compression;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::ChunkReader;

/// Number of bytes read from a file at once.
const READ_AT_ONCE: u64 = 64 << 10;

/// Maximum Zstandard window, as a power of two: that of its strongest common level.
const MAX_WINDOW: u32 = 23;

/// Maximum distance of a Snappy back reference. Compressors split their input into blocks of this length.
const SNAPPY_WINDOW: usize = 64 << 10;

/// A part of a file that is read by offset, so that several can be read in parallel.
#[derive(Debug)]
pub(super) struct FileSection<R> {
    file: R,
    next: u64,
    end: u64,
}

impl<R: ChunkReader> FileSection<R> {
    pub(super) fn new(file: R, start: u64, length: u64) -> Self {
        Self { file, next: start, end: start.saturating_add(length) }
    }
}

impl<R: ChunkReader> Read for FileSection<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = (self.end - self.next).min(into.len() as u64);
        let length = usize::try_from(length).unwrap_or(into.len());
        if length == 0 {
            return Ok(0);
        }
        let bytes = self.file.get_bytes(self.next, length).map_err(io::Error::other)?;
        into[..length].copy_from_slice(&bytes);
        self.next += length as u64;
        Ok(length)
    }
}

/// Returns a reader that decompresses `section`.
///
/// # Errors
/// If the codec is not supported.
pub(super) fn decompress(
    section: FileSection<impl ChunkReader + 'static>,
    codec: Compression,
) -> Result<Box<dyn Read + Send>> {
    let capacity = usize::try_from(section.end - section.next).unwrap_or(usize::MAX);
    let capacity = capacity.min(usize::try_from(READ_AT_ONCE).unwrap_or(usize::MAX)).max(1);
    let bytes = BufReader::with_capacity(capacity, section);
    Ok(match codec {
        Compression::UNCOMPRESSED => Box::new(bytes),
        Compression::SNAPPY => Box::new(SnappyReader::new(bytes)),
        Compression::GZIP(_) => Box::new(MultiGzDecoder::new(bytes)),
        Compression::ZSTD(_) => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes)?;
            decoder.window_log_max(MAX_WINDOW)?;
            Box::new(decoder)
        }
        other => return Err(ParquetError::General(format!("unsupported compression {other}"))),
    })
}

/// Decompresses Snappy's raw format (<https://github.com/google/snappy/blob/main/format_description.txt>).
struct SnappyReader<R> {
    bytes: R,
    /// Number of decompressed bytes still to come; `None` before the first one.
    left: Option<u64>,
    /// Number of bytes of a literal still to copy.
    literal: u64,
    /// The most recently decompressed bytes. Those from `position` on have not been read yet.
    window: Vec<u8>,
    position: usize,
}

impl<R: Read> SnappyReader<R> {
    fn new(bytes: R) -> Self {
        Self { bytes, left: None, literal: 0, window: Vec::new(), position: 0 }
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.bytes.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    fn little_endian(&mut self, length: u8) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.bytes.read_exact(&mut bytes[..usize::from(length)])?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn length(&mut self) -> io::Result<u64> {
        let mut length = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            length |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(length);
            }
        }
        Err(malformed())
    }

    /// Decompresses some more bytes.
    fn advance(&mut self) -> io::Result<()> {
        if self.literal > 0 {
            let length = usize::try_from(self.literal.min(SNAPPY_WINDOW as u64)).unwrap_or(SNAPPY_WINDOW);
            let start = self.window.len();
            self.window.resize(start + length, 0);
            self.bytes.read_exact(&mut self.window[start..])?;
            self.literal -= length as u64;
            return self.subtract(length as u64);
        }
        let tag = self.byte()?;
        let (offset, length) = match tag & 3 {
            0 => {
                self.literal = match tag >> 2 {
                    long @ 60.. => self.little_endian(long - 59)?,
                    short => u64::from(short),
                } + 1;
                return Ok(());
            }
            1 => (u64::from(tag >> 5) << 8 | u64::from(self.byte()?), 4 + (tag >> 2 & 7)),
            2 => (self.little_endian(2)?, 1 + (tag >> 2)),
            _ => (self.little_endian(4)?, 1 + (tag >> 2)),
        };
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        if offset == 0 || offset > self.window.len() {
            return Err(malformed());
        }
        for _ in 0..length {
            let byte = self.window[self.window.len() - offset];
            self.window.push(byte);
        }
        self.subtract(u64::from(length))
    }

    fn subtract(&mut self, length: u64) -> io::Result<()> {
        let left = self.left.and_then(|left| left.checked_sub(length));
        self.left = Some(left.ok_or_else(malformed)?);
        Ok(())
    }
}

impl<R: Read> Read for SnappyReader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left.is_none() {
            self.left = Some(self.length()?);
        }
        while self.window.len() - self.position < into.len().min(SNAPPY_WINDOW) && self.left != Some(0) {
            self.advance()?;
        }
        let length = into.len().min(self.window.len() - self.position);
        into[..length].copy_from_slice(&self.window[self.position..self.position + length]);
        self.position += length;
        if self.window.len() > 4 * SNAPPY_WINDOW {
            let discarded = self.position.min(self.window.len() - SNAPPY_WINDOW);
            self.window.drain(..discarded);
            self.position -= discarded;
        }
        Ok(length)
    }
}

fn malformed() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "a page is not Snappy data, or refers back further than its window",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn snappy_decompresses_piece_by_piece(
            words in prop::collection::vec(("[a-d]{1,9}", 1_usize..2_000), 0..80),
            piece in 1_usize..200_000,
        ) {
            let text: Vec<u8> = words.iter().flat_map(|(word, times)| word.repeat(*times).into_bytes()).collect();
            let packed = snap::raw::Encoder::new().compress_vec(&text).expect("room");
            let mut reader = SnappyReader::new(&packed[..]);
            let (mut out, mut buffer) = (Vec::new(), vec![0; piece]);
            loop {
                let length = reader.read(&mut buffer).expect("whole");
                if length == 0 {
                    break;
                }
                out.extend_from_slice(&buffer[..length]);
                prop_assert!(reader.window.len() < 6 * SNAPPY_WINDOW);
            }
            prop_assert_eq!(out, text);
        }

        #[test]
        fn damaged_snappy_is_an_error_or_other_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut out = Vec::new();
            let _ = SnappyReader::new(&bytes[..]).take(1 << 20).read_to_end(&mut out);
        }
    }
}
