use std::io::{self, BufRead, BufReader, Read};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use ureq::BodyReader;
use wandb_core::blocking::Body;
use wandb_core::transport::TransportError;

use crate::buffers::Buffers;
use crate::error;

/// The maximum size of a chunk.
const CHUNK: usize = 128 * 1024;

/// Reads a body as it arrives, decompressing it if it is `compressed`.
pub(crate) fn read(reader: BodyReader<'static>, compressed: bool) -> Body {
    if compressed { Box::new(Chunks::new(Gunzip::new(reader))) } else { Box::new(Chunks::new(reader)) }
}

/// The chunks of a body as they arrive.
///
/// Once the iterator returns `None`, the connection is free for the next request.
struct Chunks<R> {
    reader: Option<R>,
    buffers: Buffers,
}

impl<R: Read> Chunks<R> {
    fn new(reader: R) -> Self {
        Self { reader: Some(reader), buffers: Buffers::new(CHUNK) }
    }
}

impl<R: Read> Iterator for Chunks<R> {
    type Item = Result<Bytes, TransportError>;

    fn next(&mut self) -> Option<Self::Item> {
        let reader = self.reader.as_mut()?;
        let mut buffer = self.buffers.take();
        let read = loop {
            match reader.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        match read {
            Ok(0) => {
                self.reader = None;
                None
            }
            Ok(length) => Some(Ok(self.buffers.chunk(buffer, length))),
            Err(error) => {
                self.reader = None;
                Some(Err(error::translate_read(&error)))
            }
        }
    }
}

/// Decompresses a gzip body. An empty body is valid.
enum Gunzip<R> {
    /// Delays the decoder, which reads from the start.
    Unread(BufReader<R>),
    Reading(Box<MultiGzDecoder<BufReader<R>>>),
    Ended,
}

impl<R: Read> Gunzip<R> {
    fn new(compressed: R) -> Self {
        Self::Unread(BufReader::with_capacity(CHUNK, compressed))
    }
}

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Self::Unread(compressed) = self
            && compressed.fill_buf()?.is_empty()
        {
            *self = Self::Ended;
        }
        *self = match std::mem::replace(self, Self::Ended) {
            Self::Unread(compressed) => Self::Reading(Box::new(MultiGzDecoder::new(compressed))),
            active => active,
        };
        match self {
            Self::Reading(plain) => plain.read(buffer),
            _ => Ok(0),
        }
    }
}
