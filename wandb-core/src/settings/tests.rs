//! Tests of settings.

use super::*;
use crate::error::with_causes;

const GLOBAL: &str = "/home/ada/.config/wandb/settings";

fn environment(files: &[(&str, &str)]) -> Environment {
    let files: BTreeMap<PathBuf, Vec<u8>> =
        files.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())).collect();
    Environment::default().with_home("/home/ada").with_current_dir("/project").with_files(files)
}

fn entity(environment: &Environment) -> Option<(String, String)> {
    let setting = Settings::load(environment).unwrap().entity?;
    Some((setting.value, setting.source.to_string()))
}

fn pair(value: &str, source: &str) -> (String, String) {
    (value.to_owned(), source.to_owned())
}

/// The expected results are those of the Python SDK 0.31.0 with such files and variables.
#[test]
fn nearest_setting_wins() {
    let of = |name: &str| format!("[default]\nentity = {name}\n");
    let (global, local, hidden) = (of("global"), of("local"), of("hidden"));
    assert_eq!(entity(&environment(&[])), None);
    let all = &mut vec![(GLOBAL, global.as_str())];
    assert_eq!(
        entity(&environment(all)),
        Some(pair("global", "settings file /home/ada/.config/wandb/settings"))
    );
    all.push(("/project/wandb/settings", &local));
    assert_eq!(entity(&environment(all)), Some(pair("local", "settings file /project/wandb/settings")));
    let empty_directory = [&all[..], &[("/project/.wandb/other", "")]].concat();
    assert_eq!(entity(&environment(&empty_directory)).unwrap().0, "global");
    all.push(("/project/.wandb/settings", &hidden));
    assert_eq!(entity(&environment(all)).unwrap().0, "hidden");
    let with = |name: &str, value: &str| entity(&environment(all).with_variable(name, value));
    assert_eq!(with("WANDB_ENTITY", "variable"), Some(pair("variable", "WANDB_ENTITY")));
    assert_eq!(with("WANDB_ENTITY", ""), None);
    assert_eq!(with("WANDB_DIR", "/elsewhere").unwrap().0, "hidden");
}

#[test]
fn configuration_directory_can_be_moved() {
    let text = "[default]\nentity = moved\n";
    let environment = environment(&[
        ("/home/ada/cfg/settings", text),
        ("/home/ada/.config/wandb/settings", "[default]\nentity = stays\n"),
        ("/xdg/wandb/settings", "[default]\nentity = xdg\n"),
    ]);
    for (name, value, expect) in [
        ("WANDB_CONFIG_DIR", "~/cfg", "moved"),
        ("WANDB_CONFIG_DIR", "/home/ada/cfg", "moved"),
        ("WANDB_CONFIG_DIR", "", "stays"),
        ("XDG_CONFIG_HOME", "/xdg", "stays"),
    ] {
        assert_eq!(entity(&environment.clone().with_variable(name, value)).unwrap().0, expect, "{value}");
    }
}

#[test]
fn settings_merge_from_several_sources() {
    let environment = environment(&[
        (GLOBAL, "[default]\nbase_url = http://localhost:8080/\nproject = p\nentity = e\napi_key = sekret\n"),
        ("/project/wandb/settings", "[default]\nentity =\nunknown = 1\n"),
    ]);
    let settings = Settings::load(&environment).unwrap();
    assert_eq!(settings.base_url.value.to_string(), "http://localhost:8080");
    assert_eq!(settings.base_url.source, SettingSource::File(GLOBAL.into()));
    assert_eq!(settings.path_defaults(), PathDefaults::default().with_project("p"));
    assert!(!format!("{settings:?}").contains("sekret"));
    let environment = environment.with_variable("WANDB_PROJECT", "q").with_variable("WANDB_BASE_URL", "");
    let settings = Settings::load(&environment).unwrap();
    assert_eq!(settings.path_defaults().project(), Some("q"));
    assert_eq!(settings.base_url.source, SettingSource::File(GLOBAL.into()));
    let settings = Settings::load(&environment.with_variable("WANDB_BASE_URL", "http://h")).unwrap();
    assert_eq!(settings.base_url.value.to_string(), "http://h");
    assert_eq!(Settings::load(&Environment::default()).unwrap().base_url.source, SettingSource::Default);
}

#[test]
fn errors_name_the_source() {
    let error = |environment: Environment| with_causes(&Settings::load(&environment).unwrap_err());
    assert_eq!(
        error(environment(&[(GLOBAL, "[default]\nentity\n")])),
        "the settings file /home/ada/.config/wandb/settings is broken in line 2: expected key = value"
    );
    assert_eq!(
        error(Environment::default().with_variable("WANDB_BASE_URL", "ftp://h")),
        "the base URL from WANDB_BASE_URL cannot be used: \"ftp://h\" is not a server address: the scheme must be \
         http or https, not ftp"
    );
    assert_eq!(
        error(Environment::default().with_home("/h").with_files(Locked)),
        "cannot read the settings file /h/.config/wandb/settings: permission denied"
    );
}

/// Files without read permission.
struct Locked;

impl crate::environment::Files for Locked {
    fn read(&self, _path: &Path) -> io::Result<Option<Vec<u8>>> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn exists(&self, _path: &Path) -> bool {
        false
    }
}
