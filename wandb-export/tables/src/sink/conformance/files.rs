//! Allowed output files, and their names and permissions.

use std::fs;

use super::parse;
use crate::sink::{Format, Output, SinkError, SinkOptions};

fn write_to(path: &std::path::Path) -> Result<(), SinkError> {
    let mut sink = Format::Jsonl.sink(Output::file(path)?, &SinkOptions::default())?;
    sink.write(&parse(&["{}"]))?;
    sink.finish().map(drop)
}

#[test]
fn directories_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    for path in [directory.path().to_owned(), directory.path().join("new/"), directory.path().join("..")] {
        let error = write_to(&path).expect_err("a directory");
        assert!(matches!(error, SinkError::Directory { .. }), "{error:?}");
    }
}

#[test]
fn missing_directory_error_names_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let error = write_to(&directory.path().join("no/such/out")).expect_err("no directory");
    let SinkError::MissingParent { parent, .. } = &error else { panic!("{error:?}") };
    assert!(parent.ends_with("no/such"));
    fs::write(directory.path().join("file"), "").expect("written");
    let error = write_to(&directory.path().join("file/out")).expect_err("the parent is a file");
    assert!(matches!(error, SinkError::MissingParent { .. }), "{error:?}");
}

#[cfg(unix)]
mod unix {
    use std::fs::{File, Permissions};
    use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
    use std::path::Path;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").permissions().mode() & 0o7777
    }

    #[test]
    fn new_file_has_default_permissions() {
        let directory = tempfile::tempdir().expect("a directory");
        let (ours, plain) = (directory.path().join("ours"), directory.path().join("plain"));
        write_to(&ours).expect("writes");
        File::create(&plain).expect("created");
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn replaced_file_keeps_its_permissions() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("out");
        for wanted in [0o640, 0o604] {
            fs::write(&path, "old").expect("written");
            fs::set_permissions(&path, Permissions::from_mode(wanted)).expect("set");
            write_to(&path).expect("writes");
            assert_eq!(mode(&path), wanted);
            assert_eq!(fs::read_to_string(&path).expect("there"), "{}\n");
        }
    }

    #[test]
    fn symbolic_link_is_kept() {
        let directory = tempfile::tempdir().expect("a directory");
        fs::create_dir(directory.path().join("elsewhere")).expect("created");
        let (link, file) = (directory.path().join("link"), directory.path().join("elsewhere/file"));
        symlink("elsewhere/file", &link).expect("linked");
        for _ in ["new file", "existing file"] {
            write_to(&link).expect("writes");
            assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
            assert_eq!(fs::read_to_string(&file).expect("there"), "{}\n");
            assert_eq!(fs::read_dir(file.parent().expect("a directory")).expect("listed").count(), 1);
        }
    }

    #[test]
    fn device_is_written_to_and_not_replaced() {
        write_to(Path::new("/dev/null")).expect("writes");
        assert!(fs::metadata("/dev/null").expect("there").file_type().is_char_device());
    }
}
