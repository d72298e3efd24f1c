//! A mirror is read through its storage alone.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use wandb_core::model::Run;
use wandb_storage::simulation::{Image, MemoryDisk};
use wandb_storage::{Folder, ObjectReader};

use crate::record::{CopiedPart, File, Files, Fingerprint, Header, RunRecord};
use crate::{Disk, MirrorReader, MirroredRun, Part, Store, layout};

fn write(disk: &Disk, place: &str, text: &[u8]) -> crate::record::Stored {
    let mut file = disk.create().unwrap();
    file.write_all(text).unwrap();
    file.put(place, 1).unwrap()
}

fn read(file: &crate::MirroredFile) -> io::Result<String> {
    let mut text = String::new();
    ObjectReader::new(file.open()?, 0).read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn mirror_in_memory_is_read_without_paths() {
    let memory = MemoryDisk::new(Image::default());
    let root = Path::new("memory");
    let disk = Disk::on(root, Folder::claim_on(memory.clone()).unwrap().unwrap()).unwrap();
    let mut store = Store::open(disk.clone(), Header::new("https://api.wandb.ai", "e/p")).unwrap();
    let as_of = Fingerprint::of(&Run::new("e", "p", "r", ""));
    let mut record = RunRecord::new("r", "r", as_of);
    let log = write(&disk, &layout::place(Part::Logs, "r"), b"line\n");
    record.logs = Some(CopiedPart { as_of, content: log });
    let stored = write(&disk, "files/r/a.txt", b"text");
    let entry = |name: &str| File {
        name: name.to_owned(),
        here: None,
        bytes: stored.bytes,
        md5: stored.md5.clone(),
        origin: None,
    };
    record.files =
        Some(CopiedPart { as_of, content: Files { files: vec![entry("a.txt"), entry("gone.txt")] } });
    record.row = Some(as_of);
    store.append(&record, Some(r#"{"id":"r","name":"first"}"#)).unwrap();
    store.write_run_tables().unwrap();
    store.finish().unwrap();

    let mirror = Arc::new(MirrorReader::on(root, Folder::on(memory)).unwrap());
    assert_eq!((mirror.ids(), mirror.gaps()), (vec!["r".to_owned()], &[][..]));
    let run = MirroredRun::new(&mirror, "r");
    let (model, gaps) = run.read().unwrap();
    assert_eq!((model.name.as_deref(), gaps), (Some("first"), vec![]));
    let log = run.log().unwrap().unwrap();
    assert_eq!((read(&log).unwrap(), log.path()), ("line\n".to_owned(), root.join("logs").join("r.log")));
    let files = run.files().unwrap();
    let names: Vec<_> = files.iter().map(|(file, _)| file.name.as_str()).collect();
    assert_eq!(names, ["a.txt", "gone.txt"]);
    assert_eq!(read(&files[0].1).unwrap(), "text");
    assert_eq!(read(&files[1].1).unwrap_err().kind(), io::ErrorKind::NotFound);
}
