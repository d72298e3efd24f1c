//! Reads samples of a finished run's metrics, as rows and as a table.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use wandb_export::model::RunState;
use wandb_export::sink::{Format, Output, SinkOptions};
use wandb_export::{Api, Value};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/abc123".to_owned());
    let api = Api::connect()?;

    let run = api.run(&path).await?;
    if run.state == Some(RunState::Finished) {
        for row in run.history().samples(20).rows().await? {
            let number = |key| row.get(key).and_then(Value::as_f64);
            println!("{:?} {:?}", number("_timestamp"), number("accuracy"));
        }
        let table = Format::Table.sink(Output::stdout(), &SinkOptions::default())?;
        run.history().samples(5).write(table).await?;
    }
    Ok(())
}
