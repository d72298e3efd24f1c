//! Error texts do not repeat their causes; `with_causes` prints both.

use std::error::Error as StdError;
use std::io;
use std::path::Path;
use std::time::Duration;

use wandb_export::operation::{AnswerError, UnsupportedFields};
use wandb_export::transport::{
    Phase, SettingsError as TransportSettingsError, TransportError, TransportErrorKind,
};
use wandb_export::update::{ChangeError, RunField};
use wandb_export::{AuthError, BaseUrl, Error, PathError, RequestError, Row, SettingsError, ValueError};

/// A text that no message has by chance.
const CAUSE: &str = "the cause of it all";

fn io_error() -> io::Error {
    io::Error::other(CAUSE)
}

fn value_error() -> ValueError {
    ValueError::NotAnObject { excerpt: CAUSE.to_owned() }
}

fn request_errors() -> Vec<RequestError> {
    let label = || wandb_core::error::RequestLabel::new("GetRun", "team/project/run");
    let kinds = [
        TransportErrorKind::Connect,
        TransportErrorKind::Tls,
        TransportErrorKind::Timeout(Phase::Stall),
        TransportErrorKind::Interrupted,
        TransportErrorKind::Protocol,
        TransportErrorKind::TooLarge { limit: 1 },
        TransportErrorKind::OutOfTime { allowed: Duration::from_secs(1) },
        TransportErrorKind::InvalidRequest,
        TransportErrorKind::Closed,
    ];
    let transport = kinds.map(|kind| RequestError::Transport {
        request: label(),
        url: "https://wandb.test/graphql".to_owned(),
        attempts: 2,
        source: TransportError::new(kind, "").with_source(io_error()),
    });
    let message = || CAUSE.to_owned();
    let answers = [
        AnswerError::UnsupportedFields(UnsupportedFields::default()),
        AnswerError::NotFound { what: message() },
        AnswerError::Failed { message: message() },
        AnswerError::Changed,
    ];
    let answers = answers.map(|source| RequestError::Answer { request: label(), attempts: 1, source });
    transport.into_iter().chain(answers).collect()
}

fn errors() -> Vec<Error> {
    let path = || Path::new("a/file").to_owned();
    let run = || "team/project/run".to_owned();
    let mut errors: Vec<Error> = request_errors().into_iter().map(Error::from).collect();
    errors.extend(
        request_errors().into_iter().map(|source| Error::LiveQuery { run: run(), source: source.into() }),
    );
    let bad_url = || BaseUrl::parse("no address").expect_err("no scheme");
    let bad_key = wandb_export::ApiKey::parse("short").expect_err("too short");
    let origin = || wandb_core::SettingSource::Default;
    let found_in = wandb_core::CredentialSource::Explicit;
    errors.extend([
        Error::Path(PathError::MissingEntity { input: run() }),
        Error::Settings(SettingsError::Unreadable { path: path(), source: io_error() }),
        Error::Settings(SettingsError::BaseUrl { origin: origin(), source: bad_url() }),
        Error::Auth(AuthError::InvalidKey { found_in, source: bad_key }),
        Error::Auth(AuthError::Unreadable { path: path(), source: io_error() }),
        Error::Auth(AuthError::Settings(SettingsError::Unreadable { path: path(), source: io_error() })),
        Error::TransportSettings(TransportSettingsError::Client { source: CAUSE.into() }),
        Error::TransportSettings(TransportSettingsError::Certificates {
            origin: "a/file".to_owned(),
            source: Some(CAUSE.into()),
        }),
        Error::Value { what: run(), source: value_error() },
        Error::Change {
            run: run(),
            source: ChangeError::Unreadable { field: RunField::Config, source: value_error() }.into(),
        },
        Error::Unconfirmed {
            run: run(),
            source: Error::Io { doing: "reading".to_owned(), source: io_error() }.into(),
        },
        Error::Io { doing: "writing".to_owned(), source: io_error() },
    ]);
    let text: Row = [("loss", wandb_export::Value::from("none"))].into_iter().collect();
    let source = text.deserialize::<std::collections::BTreeMap<String, f64>>().expect_err("a text");
    errors.push(Error::Type { what: run(), wanted: "f64", source });
    errors
}

#[test]
fn error_texts_do_not_repeat_their_causes() {
    let mut causes = 0;
    for error in errors() {
        let mut outer: &dyn StdError = &error;
        while let Some(inner) = outer.source() {
            causes += 1;
            assert!(!outer.to_string().contains(&inner.to_string()), "{outer} | {inner}");
            assert!(error.with_causes().contains(&inner.to_string()), "{}", error.with_causes());
            outer = inner;
        }
    }
    assert!(causes > 50, "{causes}");
}

/// Finds the errors that the test above does not build.
#[test]
fn no_error_text_names_its_source() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a folder");
    let crates = ["wandb-core", "wandb-graphql", "wandb-export", "wandb-http-async", "wandb-http-blocking"];
    let mut folders: Vec<_> = crates.iter().map(|name| workspace.join(name)).collect();
    let mut attributes = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                if !path.ends_with("tests") && !path.ends_with("target") {
                    folders.push(path);
                }
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a source file");
            for attribute in text.split("#[error(").skip(1) {
                attributes += 1;
                let attribute = &attribute[..attribute.find(")]\n").unwrap_or(attribute.len())];
                assert!(!attribute.contains("{source"), "{}: {attribute}", path.display());
            }
        }
    }
    assert!(attributes > 100, "{attributes}");
}
