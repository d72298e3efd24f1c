//! The types in public signatures can be imported from this crate.

#[expect(unused_imports, reason = "this compiles only if the names exist")]
use wandb_export::{
    AuthError, BigInt, DeserializeError, Filter, FilterError, Keys, KeysError, Order, OrderError, PathError,
    RequestError, Samples, SamplesError, SettingsError, ValueError, YamlError,
    blocking::{BlockingAdapter, Transport},
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
