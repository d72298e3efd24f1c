//! Reads the system metrics of a run, such as its CPU load.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use wandb_export::{Api, Value};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/abc123".to_owned());
    let api = Api::connect()?;

    let run = api.run(&path).await?;
    for row in run.system_metrics().rows().await? {
        let number = |key| row.get(key).and_then(Value::as_f64);
        println!("{:?} s: CPU {:?} %", number("_runtime"), number("system.cpu"));
    }
    Ok(())
}
