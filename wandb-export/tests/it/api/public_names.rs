//! The types in public signatures can be imported from this crate.

#[expect(unused_imports, reason = "this compiles only if the names exist")]
use wandb_export::{
    ApiKeyError, AuthError, BaseUrlError, BigInt, CredentialSource, DeserializeError, EnvironmentFiles,
    Filter, FilterError, HistoryGrowth, Keys, KeysError, Matcher, Order, OrderError, OrderKey, PathError,
    PathKind, ProjectPage, Repairs, RequestError, RequestLabel, Samples, SamplesError, SettingSource,
    SettingsError, ValueError, YamlError,
    blocking::{
        BlockingAdapter, Body as BlockingBody, Response as BlockingResponse, Transport as BlockingTransport,
    },
    client::{
        Client, ClientBuilder, ClientStats, Download, FileVersion, HeldBytes, ListSink, ParseMode, Partial,
        ProgressFloor, Redactor, Reply, RetryPolicy, WaitReason, Waiting, Window,
    },
    operation::{
        AnswerError, Argument, Effect, Endpoint, Field, Operation, PageSize, Paged, SentBody, Streamed,
        UnreadableEntry, UnsupportedFields, Windowed,
    },
    ops::{
        Detail, HistoryExtent, HistoryRow, HistoryWindow, LikePattern, ListPage, LogPage, ParquetHistory,
        SampledEvents, Selection, WholeRun, WholeRunPage,
    },
    page::{Cell, CellKind, Column, Page},
    runlog::{Alert, Artifact, Branch, Damage, DamageKind, Facts, Losses, Rows},
    transport::{
        Body, Moment, Phase, Proxies, ProxyRules, ProxyUrl, Request, Response, Settings,
        SettingsError as TransportSettingsError, Transport, TransportError, TransportErrorKind,
    },
};

use wandb_export::{Api, Error};

#[test]
fn errors_and_arguments_can_be_named() {
    fn path_error(error: Error) -> Option<PathError> {
        match error {
            Error::Path(error) => Some(error),
            _ => None,
        }
    }
    let error = wandb_export::blocking::block_on(Api::offline().run("a/b/c/d/e")).expect_err("not a path");
    assert!(path_error(error).is_some());
}
