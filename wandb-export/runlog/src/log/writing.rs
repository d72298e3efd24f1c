//! Writes log files like the SDK, for tests.

const BLOCK: usize = 32 << 10;
const HEADER: usize = 7;

/// Writes a file of `records`. Returns it with the range of each record.
pub(crate) fn write_log(records: &[Vec<u8>]) -> (Vec<u8>, Vec<std::ops::Range<usize>>) {
    write_log_from(records, 0)
}

/// Writes a file like [`write_log`], with blocks that start at an offset.
pub(crate) fn write_log_from(
    records: &[Vec<u8>],
    first_block: usize,
) -> (Vec<u8>, Vec<std::ops::Range<usize>>) {
    let mut file = b":W&B\xe1\xbe\x00".to_vec();
    let mut places = Vec::new();
    for record in records {
        let mut rest = &record[..];
        let mut is_first = true;
        let mut start = None;
        loop {
            let left = BLOCK - (file.len() - first_block) % BLOCK;
            if left < HEADER {
                file.resize(file.len() + left, 0);
                continue;
            }
            let (data, after) = rest.split_at(rest.len().min(left - HEADER));
            let kind = match (is_first, after.is_empty()) {
                (true, true) => 1,
                (true, false) => 2,
                (false, false) => 3,
                (false, true) => 4,
            };
            start.get_or_insert(file.len());
            let mut summed = vec![kind];
            summed.extend_from_slice(data);
            file.extend_from_slice(&crc32fast::hash(&summed).to_le_bytes());
            file.extend_from_slice(&u16::try_from(data.len()).expect("it fits a block").to_le_bytes());
            file.extend_from_slice(&summed);
            (rest, is_first) = (after, false);
            if rest.is_empty() {
                break;
            }
        }
        places.push(start.unwrap_or(file.len())..file.len());
    }
    (file, places)
}
