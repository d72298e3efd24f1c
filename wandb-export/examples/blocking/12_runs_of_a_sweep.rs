//! Lists the runs of a sweep.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use wandb_export::blocking::Api;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/sw33p1d".to_owned());
    let api = Api::connect()?;

    let sweep = api.sweep(&path)?;
    println!("{}: {:?} runs", sweep.name.as_deref().unwrap_or(&sweep.id), sweep.run_count);
    for run in sweep.runs().iter() {
        let run = run?;
        println!("{} {:?}", run.path(), run.state);
    }

    Ok(())
}
