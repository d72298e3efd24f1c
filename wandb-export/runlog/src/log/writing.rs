//! Files as the SDK writes them, for tests.

const BLOCK: usize = 32 << 10;
const HEADER: usize = 7;

/// A file of `records`, and where each of them begins and ends.
pub(crate) fn written(records: &[Vec<u8>]) -> (Vec<u8>, Vec<std::ops::Range<usize>>) {
    written_from(records, 0)
}

/// The same with blocks that are counted from an offset in the file.
pub(crate) fn written_from(
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
