//! `cargo xtask bench`: time and memory beside the official SDK and other programs.
//!
//! The server is a process of its own and is not counted. The parties of a work take turns, so that whatever else the
//! machine does meets all of them; what they write is looked at, so that nobody wins by leaving something out.

mod child;
mod discard;
mod http;
mod machine;
mod report;
mod site;
mod stage;
mod work;
mod works;

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use crate::programs;
use crate::workspace::Workspace;

pub(crate) use child::{ChildOptions, run as child};
pub(crate) use discard::{DiscardOptions, run as discard};

use report::Measured;
use stage::Stage;
use work::Work;

/// Options of `bench`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Only these rows; a wrong name lists the right ones
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Not the work that this row belongs to; may be given several times
    #[arg(long, value_name = "NAME", conflicts_with = "names")]
    except: Vec<String>,
    /// Less of everything, in minutes: tells whether it works and fits into memory, not how quick it is
    #[arg(long)]
    quick: bool,
    /// With --quick: measure the build that the tests use rather than an optimized one
    #[arg(long, requires = "quick")]
    unoptimized: bool,
    /// Write the tables into docs/performance.md, which only a run of all rows does otherwise
    #[arg(long, conflicts_with = "quick")]
    write: bool,
    /// Rounds of each work, in each of which every party has its turn [default: 5; 1 with --quick]
    #[arg(long, value_name = "N")]
    runs: Option<usize>,
}

/// Looks at the memory along each axis of size, with the build of the tests.
pub(crate) fn memory_along_axes(workspace: &Workspace) -> Result<ExitCode> {
    let names = vec!["axes".to_owned()];
    run(
        workspace,
        &Options { names, except: Vec::new(), quick: true, unoptimized: true, write: false, runs: None },
    )
}

/// Measures, prints the tables, and writes the results down.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    ensure!(cfg!(target_os = "linux"), "the peak of another program's memory is told by Linux only");
    for name in options.names.iter().chain(&options.except) {
        let mut known = works::ALL.iter().flat_map(|plan| plan.rows);
        if !known.any(|row| names_row(name, row)) {
            let mut known: Vec<_> = works::ALL.iter().flat_map(|plan| plan.rows).copied().collect();
            known.sort_unstable();
            known.dedup();
            bail!("there is no row {name:?}; there are {}", known.join(", "));
        }
    }
    let is_one_of = |names: &[String], row: &str| names.iter().any(|name| names_row(name, row));
    let wanted = |row: &str| options.names.is_empty() || is_one_of(&options.names, row);
    let plans: Vec<_> = works::ALL
        .iter()
        .filter(|plan| plan.rows.iter().any(|row| wanted(row)))
        .filter(|plan| !plan.rows.iter().any(|row| is_one_of(&options.except, row)))
        .collect();
    let rounds = options.runs.unwrap_or(if options.quick { 1 } else { 5 }).max(1);
    let build = if options.unoptimized { programs::AS_TESTED } else { programs::OPTIMIZED };
    let mut stage = Stage::set(workspace, options.quick, build)?;
    if plans.iter().any(|plan| !plan.rows.iter().all(|row| names_row("axes", row))) {
        stage.add_python(workspace);
    }
    if plans.iter().any(|plan| plan.rows.contains(&"runlog")) {
        stage.add_datastore(workspace);
    }
    let machine = machine::facts(&stage);
    if options.quick {
        println!("quick: smaller works and fewer rounds, so the figures say little");
    }
    let mut measured = Vec::new();
    for plan in plans {
        let mut work =
            (plan.start)(&stage).with_context(|| format!("cannot begin {}", plan.rows.join(", ")))?;
        work.rows.retain(|row| wanted(row.name));
        println!("\n{}", work.title);
        let one = perform(&stage, &work, rounds)?;
        print!("{}", report::tables(std::slice::from_ref(&one)));
        measured.push(one);
    }
    let folder = workspace.target.join("bench");
    let file = folder.join("result.json");
    let result = report::json(&measured, &machine, options.quick);
    std::fs::write(&file, serde_json::to_string_pretty(&result)?)
        .with_context(|| format!("cannot write {}", file.display()))?;
    println!("\nwritten to {}", file.display());
    if !options.quick && (options.names.is_empty() || options.write) {
        let document = workspace.root.join("docs/performance.md");
        let text = if options.names.is_empty() && options.except.is_empty() {
            report::document(&measured, &machine)
        } else {
            let before = std::fs::read_to_string(&document)
                .with_context(|| format!("cannot read {}", document.display()))?;
            report::with_works(&before, &measured, &machine)
        };
        std::fs::write(&document, text).with_context(|| format!("cannot write {}", document.display()))?;
        println!("written to {}", document.display());
    }
    let missed = measured.iter().flat_map(|one| &one.verdicts).filter(|verdict| !verdict.met).count();
    println!("{missed} targets missed");
    let required: usize = measured.iter().map(Measured::missed_required).sum();
    Ok(if required == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether a name means a row: its own, or that of its group (`axes` for `axes/rows`).
fn names_row(name: &str, row: &str) -> bool {
    name == row || row.split_once('/').is_some_and(|(group, _)| group == name)
}

/// Lets the parties that the rows need take turns.
fn perform(stage: &Stage, work: &Work, rounds: usize) -> Result<Measured> {
    let rounds = work.most_rounds.map_or(rounds, |most| rounds.min(most));
    let needed = work.labels();
    let mut measured = Measured::new(work);
    for round in 1..=rounds {
        for party in
            work.parties.iter().filter(|party| party.makes.iter().any(|label| needed.contains(label)))
        {
            if let Some(why) = &party.missing {
                measured.leave_out(&party.makes, why);
                continue;
            }
            if party.most_rounds.is_some_and(|most| round > most) {
                continue;
            }
            println!("  round {round} of {rounds}: {}", party.makes.join(", "));
            let samples = (party.run)(stage).with_context(|| format!("{} failed", party.makes.join(", ")))?;
            measured.add(samples);
        }
    }
    measured.judge(work);
    Ok(measured)
}
