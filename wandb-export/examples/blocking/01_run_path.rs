//! Finds a run by its path in any form, or by the address of its web page.

#![expect(clippy::print_stdout, reason = "examples print their results")]

use wandb_export::blocking::Api;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "my-team/my-project/abc123".to_owned());
    let api = Api::connect()?;

    let run = api.run(&path)?;
    println!("{}: {}", run.path(), run.name.as_deref().unwrap_or_default());

    let (team, project, id) = (&run.entity, &run.project, &run.id);
    for form in [
        format!("/{team}/{project}/{id}"),
        format!("{team}/{project}/runs/{id}"),
        format!("{team}/{project}:{id}"),
        format!("https://wandb.ai/{team}/{project}/runs/{id}/overview"),
    ] {
        println!("{form} is {}", api.run_path(&form)?);
    }
    Ok(())
}
