use std::io::Cursor;
use std::ops::Range;

use proptest::prelude::*;

use super::writing::write_log_from;
use super::*;

/// The start of the first block in either layout.
fn first_block() -> impl Strategy<Value = usize> {
    prop_oneof![Just(0), Just(7)]
}

fn write_log(records: &[Vec<u8>]) -> (Vec<u8>, Vec<Range<usize>>) {
    write_log_from(records, 0)
}

fn read(file: &[u8]) -> (Vec<RawRecord>, Vec<Damage>) {
    let (mut records, mut damages) = (Vec::new(), Vec::new());
    let mut reader = LogReader::new(file);
    while let Some(entry) = reader.next_entry().unwrap() {
        match entry {
            Entry::Record(record) => records.push(record),
            Entry::Damage(damage) => damages.push(damage),
        }
    }
    (records, damages)
}

fn at(offset: u64) -> usize {
    usize::try_from(offset).unwrap()
}

fn payloads(records: &[RawRecord]) -> Vec<Vec<u8>> {
    records.iter().map(|record| record.payload.to_vec()).collect()
}

/// Records of all sizes, many of which are close to the rest of a block.
fn records() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let size = prop_oneof![0_usize..60, 32_740..32_770_usize, 60_000..100_000_usize, 0..8_000_usize];
    let record = (size, any::<u8>()).prop_map(|(size, seed)| {
        let mut record = vec![seed; size];
        record.iter_mut().step_by(97).for_each(|byte| *byte = !seed);
        record
    });
    prop::collection::vec(record, 0..12)
}

proptest! {
    #[test]
    fn written_records_are_read(records in records(), first_block in first_block()) {
        let (file, places) = write_log_from(&records, first_block);
        let (read, damages) = read(&file);
        prop_assert_eq!(payloads(&read), records);
        prop_assert_eq!(damages, []);
        let found: Vec<_> = read.iter().map(|record| at(record.offset)..at(record.end)).collect();
        prop_assert_eq!(found, places);
    }

    #[test]
    fn truncation_loses_only_later_records(
        records in records(),
        first_block in first_block(),
        at in any::<prop::sample::Index>(),
    ) {
        let (file, places) = write_log_from(&records, first_block);
        let cut = at.index(file.len() + 1);
        let whole = places.iter().filter(|place| place.end <= cut).count();
        let (read, damages) = read(&file[..cut]);
        prop_assert_eq!(payloads(&read), &records[..whole]);
        // Truncation in padding, or right after a record, is not damage.
        let is_inside = (1..7).contains(&cut) || places.get(whole).is_some_and(|next| next.start < cut);
        prop_assert_eq!(is_inside, damages.iter().any(|damage| damage.at_end), "{:?}", damages);
        prop_assert!(damages.len() <= 1);
        if let Some(damage) = damages.first() {
            prop_assert_eq!(damage.offset + damage.bytes, cut as u64);
        }
    }

    /// Keeps records outside the block, makes up no records, and reports the loss.
    #[test]
    fn flipped_bit_loses_at_most_the_rest_of_the_block(
        records in records(),
        first_block in first_block(),
        flip in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let (mut file, places) = write_log_from(&records, first_block);
        let flip = flip.index(file.len());
        file[flip] ^= 1 << bit;
        let (read, damages) = read(&file);
        let block_end = (flip.saturating_sub(first_block) / 32_768 + 1) * 32_768 + first_block;
        let may_be_lost = |place: &Range<usize>| place.end > flip && place.start < block_end;
        let mut wanted = places.iter().zip(&records).peekable();
        for record in &read {
            let place = at(record.offset)..at(record.end);
            while let Some((lost, _)) = wanted.next_if(|(place, _)| place.start < at(record.offset)) {
                prop_assert!(may_be_lost(lost), "{:?} is lost by a flip at {}", lost, flip);
            }
            let (found, written) = wanted.next().unwrap();
            prop_assert_eq!(found, &place);
            prop_assert_eq!(&record.payload[..], &written[..]);
        }
        prop_assert!(wanted.all(|(lost, _)| may_be_lost(lost)));
        if read.len() < records.len() {
            prop_assert!(damages.iter().any(|damage| {
                let (from, to) = (at(damage.offset), at(damage.offset + damage.bytes));
                from <= flip && flip < to.max(from + 1)
            }), "{:?} do not include {}", damages, flip);
        }
    }

    #[test]
    fn arbitrary_bytes_are_read_to_the_end(bytes in prop::collection::vec(any::<u8>(), 0..3_000), times in 1..40_usize, marked: bool) {
        let mut file = bytes.repeat(times);
        if marked {
            file.splice(..file.len().min(7), b":W&B\xe1\xbe\x00".iter().copied());
        }
        let (_, damages) = read(&file);
        prop_assert!(damages.iter().map(|damage| damage.bytes).sum::<u64>() <= file.len() as u64);
    }

    /// Reads a growing file like a complete one.
    #[test]
    fn reader_resumes_where_it_stopped(
        records in records(),
        first_block in first_block(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let (file, _) = write_log_from(&records, first_block);
        let mut ends: Vec<_> = cuts.iter().map(|at| at.index(file.len() + 1)).collect();
        ends.sort_unstable();
        ends.push(file.len());
        let (mut came, mut place) = (Vec::new(), 0);
        for end in ends {
            let mut reader = LogReader::resume_at(Cursor::new(&file[..end]), place).unwrap();
            while let Some(entry) = reader.next_entry().unwrap() {
                match entry {
                    Entry::Record(record) => {
                        place = record.end;
                        came.push(record.payload.to_vec());
                    }
                    Entry::Damage(damage) => prop_assert!(damage.at_end, "{}", damage),
                }
            }
        }
        prop_assert_eq!(came, records);
    }
}

#[test]
fn zeros_at_the_end_and_in_the_middle_are_damage() {
    let records: Vec<_> = (0..40_u8).map(|at| vec![at; 4_000]).collect();
    let (mut file, places) = write_log(&records);
    let end = file.len();
    file.resize(end + 70_000, 0);
    let (all, damages) = read(&file);
    assert_eq!(payloads(&all), records);
    let [damage] = damages[..] else { panic!("{damages:?}") };
    assert_eq!((damage.offset, damage.bytes), (end as u64, 70_000));
    assert_eq!((damage.kind, damage.at_end), (DamageKind::Zeros, true));

    // A bit more than two blocks, lost in a crash.
    file.truncate(end);
    file[40_000..100_000].fill(0);
    let (left, damages) = read(&file);
    let [damage] = damages[..] else { panic!("{damages:?}") };
    let (from, to) = (at(damage.offset), at(damage.offset + damage.bytes));
    assert!(from <= 40_000 && (100_000..=4 * 32_768 + 4_100).contains(&to), "{damage}");
    let kept = places.iter().zip(&records).filter(|(place, _)| place.end <= from || place.start >= to);
    assert_eq!(payloads(&left), kept.map(|(_, record)| record.clone()).collect::<Vec<_>>());
}

#[test]
fn file_with_a_damaged_header_is_read() {
    let records = [b"one".to_vec(), b"two".to_vec()];
    let (mut file, _) = write_log(&records);
    file[0] = 0;
    let (read, damages) = read(&file);
    assert_eq!(payloads(&read), records);
    assert_eq!(
        damages[0].to_string(),
        "7 bytes at offset 0 cannot be read: the file does not start with the header of a .wandb file"
    );
}

#[test]
fn empty_and_just_started_files_have_no_records() {
    assert_eq!(read(b""), (vec![], vec![]));
    assert_eq!(read(b":W&B\xe1\xbe\x00"), (vec![], vec![]));
    let (_, damages) = read(b":W&");
    assert!(damages[0].at_end && damages[0].kind == DamageKind::Cut);
}

/// Varies the position and the length of the damage around a block boundary.
#[test]
fn damage_does_not_change_the_layout() {
    use super::layout::Layout;
    let records: Vec<_> = (0..60_u8).map(|at| vec![at; 4_000 + usize::from(at % 7)]).collect();
    for (first_block, layout) in [(0, Layout::AtStart), (7, Layout::AfterHeader)] {
        let (whole, _) = write_log_from(&records, first_block);
        let found = |file: &[u8]| Layout::find(&mut &file[..], &mut Vec::new()).unwrap();
        assert_eq!(found(&whole), layout);
        for from in 32_700..32_900 {
            for length in [1, 30, 40_000, 150_000] {
                let mut file = whole.clone();
                let end = (from + length).min(file.len());
                file[from..end].iter_mut().for_each(|byte| *byte ^= 0x55);
                assert_eq!(found(&file), layout, "{length} bytes from {from} on");
            }
        }
        // In the first block, both layouts are the same.
        assert_eq!(found(&whole[..32_000]), Layout::AtStart);
    }
}
