//! Reads credentials and settings from the environment and the disk of this process.

use std::io;
use std::path::Path;

use wandb_core::{Environment, Files};

/// Returns an environment with this process's variables, home directory, current directory and disk.
pub(crate) fn read_process_environment() -> Environment {
    // W&B uses no names or values that are not Unicode.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut environment = Environment::default().with_variables(variables).with_files(ProcessDisk);
    if let Some(home) = std::env::home_dir() {
        environment = environment.with_home(home);
    }
    if let Ok(current) = std::env::current_dir() {
        environment = environment.with_current_dir(current);
    }
    environment
}

struct ProcessDisk;

impl Files for ProcessDisk {
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match std::fs::read(path) {
            Ok(content) => Ok(Some(content)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }
}
