//! Changes a key in the config of a run. All other keys stay, including W&B's internal ones.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use wandb_export::blocking::Api;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/abc123".to_owned());
    let api = Api::connect()?;

    let run = api.run(&path)?;
    run.update().config("key", 10).save()?;

    let run = api.run(&path)?;
    let config = run.config.as_ref().ok_or("the server keeps no configs")?;
    for (key, value) in config.values().iter() {
        println!("{key} = {}", value.to_json());
    }
    println!("W&B's own: {:?}", config.internal().keys().collect::<Vec<_>>());
    Ok(())
}
