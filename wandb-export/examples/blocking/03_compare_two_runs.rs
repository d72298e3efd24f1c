//! Shows the differences between the configs of two runs.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use wandb_export::Value;
use wandb_export::blocking::Api;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let one = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/abc123".to_owned());
    let other = std::env::args().nth(2).unwrap_or_else(|| "my-team/my-project/def456".to_owned());
    let api = Api::connect()?;

    let comparison = api.compare([one, other])?.differing();
    println!("{:<20} {}", "key", comparison.columns().join(" | "));
    for entry in comparison.entries() {
        let shown = |value: &Option<Value>| value.as_ref().map_or("missing".to_owned(), Value::to_json);
        let values: Vec<_> = entry.values.iter().map(shown).collect();
        println!("{:<20} {}", entry.key, values.join(" | "));
    }
    Ok(())
}
