//! Functions of a user, tested without a server.

use std::sync::Arc;

use wandb_export::mock::Script;
use wandb_export::transport::TransportErrorKind;
use wandb_export::{Api, ApiKey, Environment, Error, blocking};

/// A user's function in an async program.
async fn best_loss(api: &Api, path: &str) -> Result<Option<f64>, Error> {
    let rows = api.history(path).await?.keys(["loss"]).rows().await?;
    Ok(rows.iter().filter_map(|row| row.get("loss")?.as_f64()).min_by(f64::total_cmp))
}

/// The same in a program without a runtime.
fn best_loss_blocking(api: &blocking::Api, path: &str) -> Result<Option<f64>, Error> {
    let rows = api.history(path)?.keys(["loss"]).rows()?;
    Ok(rows.iter().filter_map(|row| row.get("loss")?.as_f64()).min_by(f64::total_cmp))
}

fn api(script: &Script) -> Result<Api, Error> {
    let builder = Api::builder().environment(Environment::default()).base_url("https://wandb.test");
    let key = ApiKey::parse(&"k".repeat(40)).expect("a valid key");
    builder.api_key(key).connect_over(Arc::new(script.clone()))
}

const LOSSES: &str = r#"{"data": {"project": {"run": {"sampledHistory": [
    [{"_step": 0, "loss": 0.5}, {"_step": 1, "loss": 0.25}, {"_step": 2, "loss": "NaN"}]
]}}}}"#;

#[tokio::test]
async fn async_function_is_tested_with_a_script() -> Result<(), Error> {
    let script = Script::new().on("RunSampledHistory", LOSSES);
    assert_eq!(best_loss(&api(&script)?, "team/project/run").await?, Some(0.25));
    script.finish();
    Ok(())
}

#[test]
fn blocking_function_is_tested_with_a_script() -> Result<(), Error> {
    let script = Script::new().on("RunSampledHistory", LOSSES);
    assert_eq!(
        best_loss_blocking(&blocking::Api::from_async(api(&script)?), "team/project/run")?,
        Some(0.25)
    );
    script.finish();
    Ok(())
}

#[test]
fn scripted_failure_is_retried_without_waiting() -> Result<(), Error> {
    let script = Script::new()
        .on_failure("RunSampledHistory", TransportErrorKind::Interrupted)
        .on("RunSampledHistory", LOSSES);
    let api = blocking::Api::from_async(api(&script)?);
    assert_eq!(best_loss_blocking(&api, "team/project/run")?, Some(0.25), "waiting takes no time");
    assert_eq!(api.stats().retries, 1);
    script.finish();
    Ok(())
}
