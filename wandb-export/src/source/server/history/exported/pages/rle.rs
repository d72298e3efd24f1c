//! Reads and writes Parquet's RLE and bit-packing hybrid, used for levels and dictionary indexes
//! (<https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE>).

use bytes::Bytes;

/// Reads numbers of `width` bits.
#[derive(Debug)]
pub(super) struct RleReader {
    bytes: Bytes,
    next: usize,
    width: u8,
    run: RleRun,
}

#[derive(Debug)]
enum RleRun {
    Same {
        value: u32,
        left: u64,
    },
    /// A bit-packed run. `bit` is the position of the next value, counted from `next`.
    Packed {
        bit: usize,
        left: u64,
    },
}

impl RleReader {
    /// Creates a reader of numbers of at most 32 bits.
    pub(super) fn new(bytes: Bytes, width: u8) -> Self {
        Self { bytes, next: 0, width: width.min(32), run: RleRun::Same { value: 0, left: 0 } }
    }

    fn begin_run(&mut self) -> Option<()> {
        let mut header = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.next)?;
            self.next += 1;
            header |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let count = header >> 1;
        if header & 1 == 1 {
            self.run = RleRun::Packed { bit: 0, left: count.saturating_mul(8) };
            return Some(());
        }
        let length = usize::from(self.width.div_ceil(8));
        let mut value = [0; 4];
        value[..length].copy_from_slice(self.bytes.get(self.next..self.next + length)?);
        self.next += length;
        self.run = RleRun::Same { value: u32::from_le_bytes(value), left: count };
        Some(())
    }

    fn read_packed(&self, bit: usize) -> Option<u32> {
        let (first, shift) = (self.next + bit / 8, bit % 8);
        let length = (shift + usize::from(self.width)).div_ceil(8);
        let mut window = [0; 8];
        window[..length].copy_from_slice(self.bytes.get(first..first + length)?);
        let mask = (1_u64 << self.width) - 1;
        u32::try_from(u64::from_le_bytes(window) >> shift & mask).ok()
    }
}

/// Ends where the bytes end.
impl Iterator for RleReader {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            match self.run {
                RleRun::Same { value, ref mut left } if *left > 0 => {
                    *left -= 1;
                    return Some(value);
                }
                RleRun::Packed { bit, left } if left > 0 => {
                    let value = self.read_packed(bit)?;
                    let (bit, left) = (bit + usize::from(self.width), left - 1);
                    if left == 0 {
                        self.next += bit / 8;
                    }
                    self.run = RleRun::Packed { bit, left };
                    return Some(value);
                }
                _ => self.begin_run()?,
            }
        }
    }
}

/// Writes levels as runs, preceded by their length.
#[derive(Debug)]
pub(super) struct RleWriter {
    width: u8,
    bytes: Vec<u8>,
    run: Option<(u32, u64)>,
}

impl RleWriter {
    pub(super) fn new(width: u8) -> Self {
        Self { width, bytes: Vec::new(), run: None }
    }

    pub(super) fn push(&mut self, value: u32) {
        match &mut self.run {
            Some((same, count)) if *same == value => *count += 1,
            _ => {
                self.end_run();
                self.run = Some((value, 1));
            }
        }
    }

    fn end_run(&mut self) {
        let Some((value, count)) = self.run.take() else { return };
        let mut header = count << 1;
        while header >= 0x80 {
            self.bytes.push(header.to_le_bytes()[0] | 0x80);
            header >>= 7;
        }
        self.bytes.push(header.to_le_bytes()[0]);
        self.bytes.extend_from_slice(&value.to_le_bytes()[..usize::from(self.width.div_ceil(8))]);
    }

    /// Returns the number of bytes so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Appends the length and the runs to a page.
    pub(super) fn write(mut self, page: &mut Vec<u8>) {
        self.end_run();
        let length = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        page.extend_from_slice(&length.to_le_bytes());
        page.extend_from_slice(&self.bytes);
    }
}

/// Returns the bit width of numbers up to `most`.
pub(super) fn bit_width(max: i16) -> u8 {
    let bits = u16::BITS - max.max(0).cast_unsigned().leading_zeros();
    u8::try_from(bits).unwrap_or(16)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_round_trip(
            runs in prop::collection::vec((0_u32..5, 1_usize..300), 0..40),
        ) {
            let mut writer = RleWriter::new(3);
            let levels: Vec<u32> = runs.iter().flat_map(|&(level, count)| vec![level; count]).collect();
            for &level in &levels {
                writer.push(level);
            }
            let mut page = Vec::new();
            writer.write(&mut page);
            let length = u32::from_le_bytes([page[0], page[1], page[2], page[3]]);
            prop_assert_eq!(length as usize, page.len() - 4);
            let read: Vec<u32> = RleReader::new(Bytes::from(page).slice(4..), 3).collect();
            prop_assert_eq!(read, levels);
        }

        #[test]
        fn packed_bits_are_read_in_order(values in prop::collection::vec(0_u32..32, 8..200), tail in 0_usize..3) {
            let values = &values[..values.len() / 8 * 8];
            let mut bits = 0_u128;
            let mut bytes = vec![u8::try_from(values.len() / 8).expect("few") << 1 | 1];
            for group in values.chunks(8) {
                for value in group.iter().rev() {
                    bits = bits << 5 | u128::from(*value);
                }
                bytes.extend_from_slice(&bits.to_le_bytes()[..5]);
                bits = 0;
            }
            // A repeated run follows.
            bytes.extend([u8::try_from(tail).expect("few") << 1, 7]);
            let read: Vec<u32> = RleReader::new(bytes.into(), 5).collect();
            let expected: Vec<u32> = values.iter().copied().chain(std::iter::repeat_n(7, tail)).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn damaged_runs_end(bytes in prop::collection::vec(any::<u8>(), 0..60), width in 0_u8..40) {
            let _ = RleReader::new(bytes.into(), width).take(100_000).count();
        }
    }

    #[test]
    fn widths_hold_the_greatest_number() {
        assert_eq!([0, 1, 2, 3, 4, 255, 256].map(bit_width), [0, 1, 2, 2, 3, 8, 9]);
    }
}
