//! [`Store`]: adds synthetic runs and projects.

use std::sync::Arc;

use super::axes::{Axis, AxisRows, run_with_long_summary, run_with_unique_config};
use super::generate::{GeneratedRun, Generator};
use super::handle::Store;
use super::history::History;
use super::many;
use super::run::{Run, RunState};
use super::seed::NewRun;

impl Store {
    /// Adds a long finished run whose rows are generated on demand.
    pub fn generate_run(&self, generated: &GeneratedRun) {
        let history = History::generated(Generator::new(generated));
        let summary = history.len().checked_sub(1).map(|last| history.text(last).into_owned());
        self.insert_generated(&generated.entity, &generated.project, &generated.name, |run| {
            if let Some(summary) = summary {
                run.set_summary(summary);
            }
            run.history = Arc::new(history);
        });
    }

    /// Adds a finished run that is large along one dimension. Its history, or its system metrics for [`Axis::System`],
    /// has `rows` rows, which are generated on demand.
    pub fn generate_axis(&self, entity: &str, project: &str, name: &str, axis: Axis, rows: usize) {
        let generated = Arc::new(History::generated(AxisRows::new(axis, rows)));
        self.insert_generated(entity, project, name, |run| match axis {
            Axis::System { .. } => run.events = generated,
            _ => run.history = generated,
        });
    }

    fn insert_generated(&self, entity: &str, project: &str, name: &str, fill: impl FnOnce(&mut Run)) {
        let mut state = self.0.write();
        let mut run = state.blank_run(entity, project, name, &self.0.owner());
        run.facts.state = RunState::Finished;
        run.facts.exit_code = Some(0);
        run.facts.display_name = Some(name.to_owned());
        fill(&mut run);
        state.insert(run);
    }

    /// Adds `count` finished runs, each with `keys` config keys that no other run has.
    pub fn generate_configs(&self, entity: &str, project: &str, count: u32, keys: u32) {
        for number in 0..count {
            self.add_run(run_with_unique_config(entity, project, number, keys));
        }
    }

    /// Adds `count` finished runs, each with a summary of `keys` keys.
    pub fn generate_summaries(&self, entity: &str, project: &str, count: u32, keys: u32) {
        for number in 0..count {
            self.add_run(run_with_long_summary(entity, project, number, keys));
        }
    }

    /// Adds `count` finished runs, each with a history of one row with `keys` keys.
    pub fn generate_keyed_runs(&self, entity: &str, project: &str, count: u32, keys: usize) {
        let rows = AxisRows::new(Axis::Sparse { keys, per_row: keys }, 1);
        let history = Arc::new(History::generated(rows));
        for number in 0..count {
            let history = Arc::clone(&history);
            self.insert_generated(entity, project, &format!("run{number:06}"), |run| run.history = history);
        }
    }

    /// Adds `count` small finished runs to a project, with realistic configs and summaries.
    pub fn generate_runs(&self, entity: &str, project: &str, count: u32) {
        for number in 0..count {
            self.add_run(many::run(entity, project, number));
        }
    }

    /// Adds `count` small finished runs that also have a history, system metrics, a log and a file.
    pub fn generate_whole_runs(&self, entity: &str, project: &str, count: u32) {
        for number in 0..count {
            let run = many::whole_run(entity, project, number);
            let name = run.name.clone();
            self.add_run(run);
            let (_, blob) = many::file(number, 2_000);
            self.0.write().put_file(entity, project, &name, "config.yaml", blob);
        }
    }

    /// Adds a finished run with `count` files of `len` bytes each. A file takes at most one megabyte of memory.
    pub fn generate_files(&self, entity: &str, project: &str, name: &str, count: u32, len: usize) {
        self.add_run(NewRun::new(entity, project, name));
        for number in 0..count {
            let (file, blob) = many::file(number, len);
            self.0.write().put_file(entity, project, name, &file, blob);
        }
    }
}
