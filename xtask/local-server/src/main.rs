//! The program `wandb-local-server`.

use std::io::{Read as _, Write as _};
use std::num::ParseIntError;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;

use clap::Parser;
use wandb_local_server::{
    Axis, DigestAlgorithm, ExportOptions, Faults, GeneratedArtifact, GeneratedRun, LocalServer, Options,
    StorageLayout, Store,
};

/// A local server that speaks the Weights & Biases protocol.
///
/// Prints its base URL and an API key as its first two lines. Stops when its standard input closes, or on SIGTERM or
/// Ctrl-C.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Load the state from this directory at the start, and save it there
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Load a recording: a directory or a .tar.zst archive
    #[arg(long, value_name = "PATH")]
    fixtures: Option<PathBuf>,
    /// TCP port of the API; 0 for any free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Path prefix of every route, such as /api/wandb
    #[arg(long, value_name = "PATH")]
    path_prefix: Option<String>,
    /// Inject faults: a list of KIND:HOW[@WHERE], such as 429:0.1,reset:next=3@HistoryPage,page-limit=1000,rate=50
    #[arg(long, value_name = "SPEC")]
    faults: Option<Faults>,
    /// Write the final state as a recording, a .tar.zst archive
    #[arg(long, value_name = "FILE")]
    pack: Option<PathBuf>,
    /// Export the history of this run (ENTITY/PROJECT/RUN) as Parquet; may be given several times
    #[arg(long, value_name = "RUN")]
    export: Vec<String>,
    /// Rows per Parquet file
    #[arg(long, value_name = "ROWS", default_value_t = 50_000)]
    export_rows: usize,
    /// Rows at the end of each exported history that stay live
    #[arg(long, value_name = "ROWS", default_value_t = 0)]
    export_live: usize,
    /// Rows per row group of a Parquet file
    #[arg(long, value_name = "ROWS", default_value_t = 65_536)]
    export_group: usize,
    /// Add a synthetic run local-team/synthetic/STEPS[xCOLUMNS] with this many steps and columns (default: 13); may be
    /// given several times
    #[arg(long, value_name = "STEPS[xCOLUMNS]", value_parser = steps_and_columns)]
    generate: Vec<(u64, Option<usize>)>,
    /// Add a project local-team/many with this many small runs
    #[arg(long, value_name = "COUNT")]
    generate_runs: Option<u32>,
    /// Add a project local-team/whole with this many small runs that have histories, system metrics, logs and files
    #[arg(long, value_name = "COUNT")]
    generate_whole_runs: Option<u32>,
    /// Add a project local-team/long with this many runs of this many steps and 13 columns
    #[arg(long, value_name = "COUNTxSTEPS", value_parser = count_and_steps)]
    generate_long_runs: Option<(u32, u64)>,
    /// Add a run local-team/files/COUNTxBYTES with this many files of this size; may be given several times
    #[arg(long, value_name = "COUNTxBYTES", value_parser = count_and_bytes)]
    generate_files: Vec<(u32, usize)>,
    /// Add a run local-team/axes/cellsROWSxBYTES with a string of this length in each row; may be given several times
    #[arg(long, value_name = "ROWSxBYTES", value_parser = numbers::<2>)]
    generate_cells: Vec<[usize; 2]>,
    /// Add a run local-team/axes/binsROWSxBINS with a histogram of this many bins in each row; may be given several
    /// times
    #[arg(long, value_name = "ROWSxBINS", value_parser = numbers::<2>)]
    generate_bins: Vec<[usize; 2]>,
    /// Add a run local-team/axes/systemROWSxKEYS with system metrics only; may be given several times
    #[arg(long, value_name = "ROWSxKEYS", value_parser = numbers::<2>)]
    generate_system: Vec<[usize; 2]>,
    /// Add a run local-team/axes/sparseROWSxKEYSxPERROW whose rows each set PERROW of the keys; may be given several
    /// times
    #[arg(long, value_name = "ROWSxKEYSxPERROW", value_parser = numbers::<3>)]
    generate_sparse: Vec<[usize; 3]>,
    /// Add a run local-team/axes/depthN with ten rows of objects nested N levels deep; may be given several times
    #[arg(long, value_name = "N")]
    generate_depth: Vec<usize>,
    /// Add a project local-team/configsRUNSxKEYS whose runs each have this many config keys that no other run has; may
    /// be given several times
    #[arg(long, value_name = "RUNSxKEYS", value_parser = count_and_keys)]
    generate_configs: Vec<(u32, u32)>,
    /// Add a project local-team/summariesRUNSxKEYS whose runs have this many summary keys; may be given several times
    #[arg(long, value_name = "RUNSxKEYS", value_parser = count_and_keys)]
    generate_summaries: Vec<(u32, u32)>,
    /// Add a project local-team/keyedRUNSxKEYS whose runs have logged this many keys; may be given several times
    #[arg(long, value_name = "RUNSxKEYS", value_parser = count_and_keys)]
    generate_keyed: Vec<(u32, u32)>,
    /// Add an artifact local-team/artifacts/ENTRIESxBYTES with this many entries of this size, in one version or in
    /// several that have SHARED percent of the entries in common; may be given several times
    #[arg(long, value_name = "ENTRIESxBYTES[xVERSIONSxSHARED]", value_parser = artifact_size)]
    generate_artifacts: Vec<(String, GeneratedArtifact)>,
    /// Storage layout of generated artifacts; in V1, files are found by entity and digest
    #[arg(long, value_name = "V1|V2", default_value = "V2", value_parser = storage_layout)]
    artifact_layout: StorageLayout,
    /// Hash function of generated artifacts
    #[arg(long, value_name = "MD5|XXH128", default_value = "MD5", value_parser = digest_algorithm)]
    artifact_digests: DigestAlgorithm,
    /// Add this registry to the organization local-org; may be given several times
    #[arg(long, value_name = "NAME")]
    registry: Vec<String>,
    /// Omit the MD5 digests of generated files
    #[arg(long)]
    without_digests: bool,
    /// Keep running when standard input closes
    #[arg(long)]
    detached: bool,
}

/// Entity that owns the generated projects.
const TEAM: &str = "local-team";
/// Organization that owns the registries.
const ORGANIZATION: &str = "local-org";
/// Rows of a deeply nested run.
const DEEP_ROWS: usize = 10;

fn steps_and_columns(text: &str) -> Result<(u64, Option<usize>), ParseIntError> {
    match text.split_once('x') {
        Some((steps, columns)) => Ok((steps.parse()?, Some(columns.parse()?))),
        None => Ok((text.parse()?, None)),
    }
}

fn count_and_bytes(text: &str) -> Result<(u32, usize), ParseIntError> {
    let (count, bytes) = text.split_once('x').unwrap_or((text, ""));
    Ok((count.parse()?, bytes.parse()?))
}

fn count_and_steps(text: &str) -> Result<(u32, u64), ParseIntError> {
    let (count, steps) = text.split_once('x').unwrap_or((text, ""));
    Ok((count.parse()?, steps.parse()?))
}

/// Parses `COUNT` numbers separated by `x`.
fn numbers<const COUNT: usize>(text: &str) -> Result<[usize; COUNT], String> {
    let numbers = text.split('x').map(str::parse).collect::<Result<Vec<usize>, _>>();
    let numbers = numbers.map_err(|error| error.to_string())?;
    numbers.try_into().map_err(|_| format!("expected {COUNT} numbers separated by x"))
}

/// Parses the size of an artifact. Returns its text, too, which is the name of the collection.
fn artifact_size(text: &str) -> Result<(String, GeneratedArtifact), String> {
    let size = if text.split('x').count() == 4 {
        let [entries, bytes, versions, shared] = numbers(text)?;
        GeneratedArtifact::new(entries, bytes).versions(versions, shared)
    } else {
        let [entries, bytes] = numbers(text)?;
        GeneratedArtifact::new(entries, bytes)
    };
    Ok((text.to_owned(), size))
}

fn storage_layout(text: &str) -> Result<StorageLayout, String> {
    match text {
        "V1" => Ok(StorageLayout::V1),
        "V2" => Ok(StorageLayout::V2),
        _ => Err("expected V1 or V2".to_owned()),
    }
}

fn digest_algorithm(text: &str) -> Result<DigestAlgorithm, String> {
    match text {
        "MD5" => Ok(DigestAlgorithm::Md5),
        "XXH128" => Ok(DigestAlgorithm::Xxh128),
        _ => Err("expected MD5 or XXH128".to_owned()),
    }
}

fn count_and_keys(text: &str) -> Result<(u32, u32), ParseIntError> {
    let (count, keys) = text.split_once('x').unwrap_or((text, ""));
    Ok((count.parse()?, keys.parse()?))
}

/// Adds the runs and projects that are large along one dimension.
fn generate_axes(arguments: &Arguments, store: &Store) {
    let add = |name: String, axis, rows| store.generate_axis(TEAM, "axes", &name, axis, rows);
    for &[rows, bytes] in &arguments.generate_cells {
        add(format!("cells{rows}x{bytes}"), Axis::Cells { bytes }, rows);
    }
    for &[rows, bins] in &arguments.generate_bins {
        add(format!("bins{rows}x{bins}"), Axis::Bins { bins }, rows);
    }
    for &[rows, keys] in &arguments.generate_system {
        add(format!("system{rows}x{keys}"), Axis::System { keys }, rows);
    }
    for &[rows, keys, per_row] in &arguments.generate_sparse {
        add(format!("sparse{rows}x{keys}x{per_row}"), Axis::Sparse { keys, per_row }, rows);
    }
    for &levels in &arguments.generate_depth {
        add(format!("depth{levels}"), Axis::Depth { levels }, DEEP_ROWS);
    }
    for &(runs, keys) in &arguments.generate_configs {
        store.generate_configs(TEAM, &format!("configs{runs}x{keys}"), runs, keys);
    }
    for &(runs, keys) in &arguments.generate_summaries {
        store.generate_summaries(TEAM, &format!("summaries{runs}x{keys}"), runs, keys);
    }
    for &(runs, keys) in &arguments.generate_keyed {
        let project = format!("keyed{runs}x{keys}");
        store.generate_keyed_runs(TEAM, &project, runs, usize::try_from(keys).unwrap_or(usize::MAX));
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            let _ = writeln!(std::io::stderr(), "wandb-local-server: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let mut options = Options::default();
    options.data_dir.clone_from(&arguments.data);
    options.fixtures.clone_from(&arguments.fixtures);
    options.port = arguments.port;
    options.path_prefix.clone_from(&arguments.path_prefix);
    let server = LocalServer::start(options)?;
    let store = server.store();
    generate_axes(&arguments, &store);
    for (steps, columns) in arguments.generate {
        let name = columns.map_or_else(|| steps.to_string(), |columns| format!("{steps}x{columns}"));
        let run = GeneratedRun::new(TEAM, "synthetic", &name, steps);
        store.generate_run(&columns.map_or_else(|| run.clone(), |columns| run.clone().wide(columns)));
    }
    if let Some(count) = arguments.generate_runs {
        store.generate_runs(TEAM, "many", count);
    }
    if let Some(count) = arguments.generate_whole_runs {
        store.generate_whole_runs(TEAM, "whole", count);
    }
    if let Some((count, steps)) = arguments.generate_long_runs {
        for number in 0..count {
            let run = GeneratedRun::new(TEAM, "long", &format!("long{number:03}"), steps);
            store.generate_run(&GeneratedRun { seed: u64::from(number), distinct_rows: 8_192, ..run });
        }
    }
    for (count, bytes) in arguments.generate_files {
        let name = format!("{count}x{bytes}");
        store.generate_files(TEAM, "files", &name, count, bytes);
        if arguments.without_digests {
            store.forget_digests(&format!("{TEAM}/files/{name}"))?;
        }
    }
    for (name, mut size) in arguments.generate_artifacts {
        (size.layout, size.algorithm) = (arguments.artifact_layout, arguments.artifact_digests);
        store.generate_artifact(TEAM, "artifacts", &name, &size)?;
    }
    for name in &arguments.registry {
        store.add_registry(ORGANIZATION, name, &[])?;
    }
    let mut export = ExportOptions::default();
    export.rows_per_part = arguments.export_rows;
    export.rows_per_group = arguments.export_group;
    export.live_tail = arguments.export_live;
    for run in &arguments.export {
        server.store().export_run(run, &export)?;
    }
    if let Some(faults) = arguments.faults {
        server.store().set_faults(faults);
    }
    let (ended, end) = mpsc::channel();
    let interrupted = ended.clone();
    ctrlc::set_handler(move || {
        let _ = interrupted.send(());
    })?;
    if !arguments.detached {
        std::thread::spawn(move || {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            let _ = ended.send(());
        });
    }
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}\n{}", server.base_url(), server.api_key())?;
    stdout.flush()?;
    let _ = end.recv();
    if let Some(archive) = arguments.pack {
        server.store().pack(&archive)?;
    }
    server.stop()?;
    Ok(())
}
