use std::io::{self, BufRead, BufReader, Read};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use ureq::BodyReader;
use wandb_core::blocking::Body;
use wandb_core::transport::TransportError;

use crate::error;

/// The most that one chunk holds.
const CHUNK: usize = 64 * 1024;

/// A body as it arrives, decompressed where it is `compressed`.
pub(crate) fn read(reader: BodyReader<'static>, compressed: bool) -> Body {
    if compressed { Box::new(Chunks::new(Gunzip::new(reader))) } else { Box::new(Chunks::new(reader)) }
}

/// The chunks of a body as they arrive.
///
/// The connection is free for the next request once `None` has come out.
struct Chunks<R> {
    reader: Option<R>,
    buffer: Box<[u8]>,
}

impl<R: Read> Chunks<R> {
    fn new(reader: R) -> Self {
        Self { reader: Some(reader), buffer: vec![0; CHUNK].into_boxed_slice() }
    }
}

impl<R: Read> Iterator for Chunks<R> {
    type Item = Result<Bytes, TransportError>;

    fn next(&mut self) -> Option<Self::Item> {
        let reader = self.reader.as_mut()?;
        loop {
            let read = match reader.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read,
            };
            return match read {
                Ok(0) => {
                    self.reader = None;
                    None
                }
                Ok(length) => Some(Ok(Bytes::copy_from_slice(&self.buffer[..length]))),
                Err(error) => {
                    self.reader = None;
                    Some(Err(error::translate_read(&error)))
                }
            };
        }
    }
}

/// A gzip body, decompressed; one without a single byte is empty.
struct Gunzip(MultiGzDecoder<BufReader<BodyReader<'static>>>, Progress);

enum Progress {
    Unread,
    Reading,
    Ended,
}

impl Gunzip {
    fn new(compressed: BodyReader<'static>) -> Self {
        Self(MultiGzDecoder::new(BufReader::with_capacity(CHUNK, compressed)), Progress::Unread)
    }
}

impl Read for Gunzip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if matches!(self.1, Progress::Unread) {
            let empty = self.0.get_mut().fill_buf()?.is_empty();
            self.1 = if empty { Progress::Ended } else { Progress::Reading };
        }
        match self.1 {
            Progress::Ended => Ok(0),
            _ => self.0.read(buffer),
        }
    }
}
