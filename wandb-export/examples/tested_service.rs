//! A part of an async service, with its tests against an HTTP server that wiremock plays.
//!
//! ```sh
//! cargo test --example tested_service --features async
//! ```

#![expect(clippy::print_stdout, reason = "examples print their results")]

use wandb_export::{Api, Error, ErrorKind};

/// Answers questions about runs.
struct Runs {
    api: Api,
}

impl Runs {
    /// Returns the smallest sampled loss of a run. `None` if there is no such run, or it has no loss.
    async fn best_loss(&self, path: &str) -> Result<Option<f64>, Error> {
        let rows = match self.api.history(path).await?.keys(["loss"]).rows().await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            rows => rows?,
        };
        Ok(rows.iter().filter_map(|row| row.get("loss")?.as_f64()).min_by(f64::total_cmp))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/abc123".to_owned());
    let runs = Runs { api: Api::connect()? };
    println!("{:?}", runs.best_loss(&path).await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wandb_export::client::RetryPolicy;
    use wandb_export::transport::{Proxies, ProxyRules, Settings};
    use wandb_export::{ApiKey, Environment};
    use wiremock::matchers::{basic_auth, body_string_contains, method, path};
    use wiremock::{Mock, MockBuilder, MockServer, ResponseTemplate};

    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef01234567";

    const LOSSES: &str = r#"{"data": {"project": {"run": {"sampledHistory": [
        [{"_step": 0, "loss": 0.5}, {"_step": 1, "loss": 0.25}]
    ]}}}}"#;

    /// The service, connected to a server. Uses no settings, keys or proxies of this machine.
    fn service(server: &MockServer) -> Result<Runs, Error> {
        let api = Api::builder()
            .environment(Environment::default())
            .transport(Settings::default().with_proxies(Proxies::Rules(ProxyRules::default())))
            .base_url(server.uri())
            .api_key(ApiKey::parse(KEY).expect("a valid key"))
            .retry(RetryPolicy::default().with_initial_backoff(Duration::from_millis(1)))
            .connect()?;
        Ok(Runs { api })
    }

    /// Matches the request for samples, sent with the key.
    fn samples() -> MockBuilder {
        Mock::given(method("POST"))
            .and(path("/graphql"))
            .and(basic_auth("api", KEY))
            .and(body_string_contains("RunSampledHistory"))
    }

    fn json(body: &str) -> ResponseTemplate {
        ResponseTemplate::new(200).set_body_raw(body, "application/json")
    }

    #[tokio::test]
    async fn best_loss_is_the_smallest() -> Result<(), Error> {
        let server = MockServer::start().await;
        samples().respond_with(json(LOSSES)).expect(1).mount(&server).await;
        assert_eq!(service(&server)?.best_loss("team/project/run").await?, Some(0.25));
        Ok(())
    }

    #[tokio::test]
    async fn failing_server_is_asked_again() -> Result<(), Error> {
        let server = MockServer::start().await;
        samples().respond_with(ResponseTemplate::new(503)).up_to_n_times(2).mount(&server).await;
        samples().respond_with(json(LOSSES)).expect(1).mount(&server).await;
        let runs = service(&server)?;
        assert_eq!(runs.best_loss("team/project/run").await?, Some(0.25));
        assert_eq!(runs.api.stats().retries, 2);
        Ok(())
    }

    #[tokio::test]
    async fn missing_run_has_no_loss() -> Result<(), Error> {
        let server = MockServer::start().await;
        samples().respond_with(json(r#"{"data": {"project": null}}"#)).expect(1).mount(&server).await;
        assert_eq!(service(&server)?.best_loss("team/project/none").await?, None);
        Ok(())
    }

    #[tokio::test]
    async fn rejected_key_is_reported() -> Result<(), Error> {
        let server = MockServer::start().await;
        samples().respond_with(ResponseTemplate::new(401)).expect(1).mount(&server).await;
        let error = service(&server)?.best_loss("team/project/run").await.expect_err("no access");
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
        Ok(())
    }
}
