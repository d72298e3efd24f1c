//! What every storage promises, for a folder on the local disk and in memory.

use std::io::{self, Read as _, Write as _};

use wandb_storage::simulation::{Image, MemoryDisk};
use wandb_storage::{Folder, Found, LogStorage, ObjectReader, Storage, read_range};

/// Runs a test on each kind of folder: shared with other programs and claimed, on the local disk and in memory.
fn each(test: impl Fn(&dyn LogStorage)) {
    let place = tempfile::tempdir().expect("a folder");
    test(&Folder::open(place.path()).expect("a folder"));
    let place = tempfile::tempdir().expect("a folder");
    test(&Folder::claim(place.path()).expect("a folder").expect("an unlocked folder"));
    test(&Folder::on(MemoryDisk::new(Image::default())));
    test(&Folder::claim_on(MemoryDisk::new(Image::default())).expect("a folder").expect("unlocked"));
}

fn put(storage: &dyn Storage, name: &str, content: &[u8]) -> io::Result<()> {
    let mut staged = storage.stage()?;
    staged.write_all(content)?;
    storage.put(name, staged)
}

fn read(storage: &dyn Storage, name: &str) -> Option<Vec<u8>> {
    let object = storage.open_object(name).expect("readable")?;
    let mut bytes = Vec::new();
    ObjectReader::new(object, 0).read_to_end(&mut bytes).expect("readable");
    Some(bytes)
}

#[test]
fn put_objects_are_found_read_and_listed() {
    each(|storage| {
        for name in ["b", "x/y/a", "x/b"] {
            put(storage, name, name.as_bytes()).expect("room");
            assert_eq!(read(storage, name).as_deref(), Some(name.as_bytes()));
        }
        assert_eq!(storage.list("").expect("readable"), ["b", "x/b", "x/y/a"]);
        assert_eq!(storage.list("x/").expect("readable"), ["x/b", "x/y/a"]);
        assert_eq!(storage.list("absent/").expect("readable"), [""; 0]);
        assert_eq!(storage.find("x/y/a").expect("readable"), Found::Object(5));
        assert_eq!(storage.find("x").expect("readable"), Found::Prefix);
        assert_eq!(storage.find("y").expect("readable"), Found::Nothing);
        assert!(storage.remove("b").expect("removable") && !storage.remove("b").expect("gone"));
        assert_eq!(read(storage, "b"), None);
    });
}

#[test]
fn open_object_keeps_its_version() {
    each(|storage| {
        put(storage, "a", b"old").expect("room");
        let old = storage.open_object("a").expect("readable").expect("an object");
        put(storage, "a", b"newer").expect("room");
        let new = storage.open_object("a").expect("readable").expect("an object");
        assert_eq!(read_range(&*old, 0..3).expect("readable"), b"old");
        assert_eq!(read_range(&*new, 1..3).expect("readable"), b"ew");
        assert_eq!(read_range(&*new, 3..6).expect_err("too far").kind(), io::ErrorKind::UnexpectedEof);
        let again = storage.open_object("a").expect("readable").expect("an object");
        let version = |object: &dyn wandb_storage::Object| object.version().expect("readable");
        assert!(version(&*new) == version(&*again) && version(&*old) != version(&*new));
    });
}

#[test]
fn put_new_replaces_nothing() {
    each(|storage| {
        let put_new = |content: &[u8]| {
            let mut staged = storage.stage().expect("room");
            staged.write_all(content).expect("room");
            storage.put_new("a", staged)
        };
        put_new(b"first").expect("no such object");
        assert_eq!(put_new(b"second").expect_err("it exists").kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(read(storage, "a").as_deref(), Some(&b"first"[..]));
    });
}

#[test]
fn dropped_content_leaves_nothing() {
    each(|storage| {
        let mut staged = storage.stage().expect("room");
        staged.write_all(&vec![1; 100_000]).expect("room");
        drop(staged);
        let mut discarded = storage.stage_keyed("key").expect("room");
        discarded.write_all(b"part").expect("room");
        discarded.discard();
        assert_eq!(storage.list("").expect("readable"), [""; 0]);
        assert_eq!(storage.keyed_bytes(), 0);
    });
}

#[test]
fn content_with_a_key_is_resumed_and_put() {
    each(|storage| {
        assert!(!storage.has_keyed("key"));
        let mut first = storage.stage_keyed("key").expect("room");
        assert_eq!((first.size(), first.note()), (0, None));
        first.write_all(b"lo").expect("room");
        first.set_note(b"{}").expect("room");
        first.set_note(b"{1}").expect("room");
        drop(first);
        assert_eq!(storage.keyed_bytes(), 5);
        assert!(storage.has_keyed("key") && !storage.has_keyed("other"));
        let mut second = storage.stage_keyed("key").expect("room");
        assert_eq!((second.size(), second.note().as_deref()), (2, Some(&b"{1}"[..])));
        second.write_all(b"ss").expect("room");
        storage.put("a/loss", second).expect("room");
        assert_eq!(read(storage, "a/loss").as_deref(), Some(&b"loss"[..]));
        assert_eq!(storage.keyed_bytes(), 0);
        assert!(!storage.has_keyed("key"));
        assert_eq!(storage.stage_keyed("key").expect("room").size(), 0);
    });
}

#[test]
fn content_is_taken_back_and_cleared() {
    each(|storage| {
        let mut staged = storage.stage().expect("room");
        staged.write_all(b"header,").expect("room");
        staged.write_all(b"rows").expect("room");
        let mut taken = Vec::new();
        staged.take_back(7, &mut taken).expect("readable");
        assert_eq!((taken.as_slice(), staged.size()), (&b"rows"[..], 0));
        staged.write_all(b"x").expect("room");
        storage.put("a", staged).expect("room");
        assert_eq!(read(storage, "a").as_deref(), Some(&b"x"[..]));
    });
}

#[test]
fn storage_within_another_shares_its_objects() {
    each(|storage| {
        let within = storage.within("x/y");
        assert_eq!((within.list("").expect("readable"), within.keyed_bytes()), (vec![], 0));
        put(&*within, "z/a", b"inner").expect("room");
        within.persist(&["z/a"]).expect("room");
        assert_eq!(read(storage, "x/y/z/a").as_deref(), Some(&b"inner"[..]));
        assert_eq!(within.list("").expect("readable"), ["z/a"]);
        let mut inner = within.stage_keyed("key").expect("room");
        inner.write_all(b"part").expect("room");
        drop(inner);
        assert_eq!((within.keyed_bytes(), storage.keyed_bytes()), (4, 0));
        assert_eq!(storage.stage_keyed("key").expect("another key").size(), 0);
        within.stage_keyed("key").expect("free").discard();
        within.tidy();
        assert_eq!(storage.list("").expect("readable"), ["x/y/z/a"]);
        assert!(within.remove("z/a").expect("removable"));
        assert_eq!(storage.find("x/y/z/a").expect("readable"), Found::Nothing);
    });
}

#[test]
fn log_is_appended_to_truncated_and_removed() {
    each(|storage| {
        let mut log = storage.open_log("own/log", 0).expect("room");
        log.append(b"abc").expect("room");
        log.append(b"def").expect("room");
        log.persist().expect("room");
        assert_eq!((log.end(), log.read(2..4).expect("readable")), (6, b"cd".to_vec()));
        drop(log);
        let log = storage.open_log("own/log", 4).expect("room");
        assert_eq!(log.end(), 4);
        let found = storage.read_log("own/log").expect("readable").expect("a log");
        assert_eq!(read_range(&*found, 0..found.size().expect("readable")).expect("readable"), b"abcd");
        storage.remove_log("own/log").expect("removable");
        assert!(storage.read_log("own/log").expect("readable").is_none());
    });
}

#[test]
fn key_is_used_once_at_a_time() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = Folder::open(place.path()).expect("a folder");
    let first = folder.stage_keyed("key").expect("room");
    let error = folder.stage_keyed("key").expect_err("it is locked");
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    drop(first);
    folder.stage_keyed("key").expect("it is free");
}

#[test]
fn folder_is_claimed_once_at_a_time() {
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path().join("a/b");
    let first = Folder::claim(&path).expect("a folder").expect("unlocked");
    assert!(Folder::claim(&path).expect("a folder").is_none());
    // A killed process removes nothing.
    std::mem::forget(first.stage().expect("room"));
    drop(first);
    let own = path.join(wandb_storage::OWN);
    let names = || std::fs::read_dir(&own).expect("a folder").count();
    assert_eq!(names(), 2, "the lock and the unfinished object");
    Folder::claim(&path).expect("a folder").expect("unlocked");
    assert_eq!(names(), 1, "the lock");
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere_outside() {
    let place = tempfile::tempdir().expect("a folder");
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("a"), "secret").expect("room");
    std::os::unix::fs::symlink(outside.path(), place.path().join("x")).expect("a link");
    let folder = Folder::open(place.path()).expect("a folder");
    put(&folder, "x/b", b"escaped").expect_err("it leads out");
    folder.open_object("x/a").expect_err("it leads out");
    assert_eq!(folder.find("x").expect("readable"), Found::Foreign);
    assert_eq!(std::fs::read_dir(outside.path()).expect("a folder").count(), 1);
}
