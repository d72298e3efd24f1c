//! `cargo xtask bench`: time and memory beside the official SDK and other programs.
//!
//! The server runs in a separate process and is not measured. The parties of a workload take turns, so that other load
//! on the machine affects all of them. Their output is checked, so that none wins by leaving something out.

mod bench_server;
mod child;
mod discard;
mod env;
mod http;
mod machine;
mod pairs;
mod report;
mod workload;
mod workloads;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use crate::programs;
use crate::workspace::Workspace;

pub(crate) use child::{ChildOptions, run as child};
pub(crate) use discard::{DiscardOptions, run as discard};

use env::BenchEnv;
use report::WorkloadResult;
use workload::Workload;

/// Options of `bench`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Run only these rows; an unknown name lists the known ones
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Skip the workload that has this row; may be given several times
    #[arg(long, value_name = "NAME", conflicts_with = "names")]
    except: Vec<String>,
    /// Run small workloads that take minutes: checks correctness and memory, not speed
    #[arg(long)]
    quick: bool,
    /// With --quick: measure the build that the tests use instead of an optimized one
    #[arg(long, requires = "quick")]
    unoptimized: bool,
    /// Write the tables to docs/performance.md, which otherwise only a run of all rows does
    #[arg(long, conflicts_with = "quick")]
    write: bool,
    /// Number of rounds; every party has one turn per round [default: 5; 1 with --quick; 10 with --before]
    #[arg(long, value_name = "N")]
    runs: Option<usize>,
    /// Compare this build with another one instead of with other programs; fails if it is more than 5 % slower
    #[arg(long, value_name = "PROGRAM", conflicts_with = "write")]
    before: Option<PathBuf>,
}

/// Checks the memory along each size axis, with the build that the tests use.
pub(crate) fn memory_along_axes(workspace: &Workspace) -> Result<ExitCode> {
    let names = vec!["axes".to_owned()];
    let options = Options {
        names,
        except: Vec::new(),
        quick: true,
        unoptimized: true,
        write: false,
        runs: None,
        before: None,
    };
    run(workspace, &options)
}

/// Runs the workloads, prints the tables, and writes the results.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    ensure!(cfg!(target_os = "linux"), "the peak memory of another program can only be read on Linux");
    for name in options.names.iter().chain(&options.except) {
        let mut known = workloads::ALL.iter().flat_map(|plan| plan.rows);
        if !known.any(|row| names_row(name, row)) {
            let mut known: Vec<_> = workloads::ALL.iter().flat_map(|plan| plan.rows).copied().collect();
            known.sort_unstable();
            known.dedup();
            bail!("unknown row {name:?}\nhint: known rows are {}", known.join(", "));
        }
    }
    let is_one_of = |names: &[String], row: &str| names.iter().any(|name| names_row(name, row));
    let wanted = |row: &str| options.names.is_empty() || is_one_of(&options.names, row);
    let plans: Vec<_> = workloads::ALL
        .iter()
        .filter(|plan| plan.rows.iter().any(|row| wanted(row)))
        .filter(|plan| !plan.rows.iter().any(|row| is_one_of(&options.except, row)))
        .collect();
    let rounds = match (options.quick, &options.before) {
        (true, _) => 1,
        (false, None) => 5,
        (false, Some(_)) => 10,
    };
    let rounds = options.runs.unwrap_or(rounds).max(1);
    let build = if options.unoptimized { programs::AS_TESTED } else { programs::OPTIMIZED };
    let mut env = BenchEnv::new(workspace, options.quick, build)?;
    if plans.iter().any(|plan| !plan.rows.iter().all(|row| names_row("axes", row))) {
        env.add_python(workspace);
    }
    if plans.iter().any(|plan| plan.rows.contains(&"runlog")) {
        env.add_datastore(workspace);
    }
    let machine = machine::facts(&env);
    if options.quick {
        println!(
            "note: --quick runs smaller workloads and fewer rounds, so the figures are not representative"
        );
    }
    let start = |plan: &workloads::Plan, env: &BenchEnv| {
        let mut workload =
            (plan.start)(env).with_context(|| format!("cannot start {}", plan.rows.join(", ")))?;
        workload.rows.retain(|row| wanted(row.name));
        println!("\n{}", workload.title);
        anyhow::Ok(workload)
    };
    if let Some(before) = &options.before {
        let before = before.canonicalize().with_context(|| format!("cannot find {}", before.display()))?;
        let mut slower = 0;
        for plan in plans {
            let workload = start(plan, &env)?;
            let pairs = pairs::measure(&mut env, &before, &workload, rounds)?;
            if !pairs.is_empty() {
                print!("{}", pairs::report(&pairs));
            }
            slower += pairs.values().filter(|pair| pair.is_slower()).count();
        }
        println!("{slower} slower than before");
        return Ok(if slower == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let mut measured = Vec::new();
    for plan in plans {
        let workload = start(plan, &env)?;
        let one = run_workload(&env, &workload, rounds)?;
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
            report::with_workloads(&before, &measured, &machine)
        };
        std::fs::write(&document, text).with_context(|| format!("cannot write {}", document.display()))?;
        println!("written to {}", document.display());
    }
    let missed = measured.iter().flat_map(|one| &one.verdicts).filter(|verdict| !verdict.met).count();
    println!("{missed} targets missed");
    let required: usize = measured.iter().map(WorkloadResult::missed_required).sum();
    Ok(if required == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether a name selects a row: its own name, or its group's (`axes` for `axes/rows`).
fn names_row(name: &str, row: &str) -> bool {
    name == row || row.split_once('/').is_some_and(|(group, _)| group == name)
}

/// Runs the rounds of a workload, with the parties that its rows need.
fn run_workload(env: &BenchEnv, workload: &Workload, rounds: usize) -> Result<WorkloadResult> {
    let rounds = workload.max_rounds.map_or(rounds, |most| rounds.min(most));
    let needed = workload.labels();
    let mut measured = WorkloadResult::new(workload);
    for round in 1..=rounds {
        for party in
            workload.parties.iter().filter(|party| party.labels.iter().any(|label| needed.contains(label)))
        {
            if let Some(why) = &party.unavailable {
                measured.leave_out(&party.labels, why);
                continue;
            }
            if party.max_rounds.is_some_and(|most| round > most) {
                continue;
            }
            println!("  round {round} of {rounds}: {}", party.labels.join(", "));
            let samples = (party.run)(env).with_context(|| format!("{} failed", party.labels.join(", ")))?;
            measured.add(samples);
        }
    }
    measured.judge(workload);
    Ok(measured)
}
