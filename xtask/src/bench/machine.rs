//! Facts about the machine that the figures were measured on.

use std::process::Command;

use super::env::BenchEnv;

/// Names and values, in the order to print them.
pub(crate) type Facts = Vec<(String, String)>;

/// Collects the facts from the system and the programs.
pub(crate) fn facts(env: &BenchEnv) -> Facts {
    let mut facts = Facts::new();
    let mut add = |name: &str, value: Option<String>| {
        facts.push((name.to_owned(), value.unwrap_or_else(|| "unknown".to_owned())));
    };
    add("date", first_line(Command::new("date").args(["-u", "+%F"])));
    add("CPU", proc("cpuinfo", "model name"));
    add("cores", std::thread::available_parallelism().ok().map(|count| count.to_string()));
    add("memory", proc("meminfo", "MemTotal"));
    add(
        "kernel",
        std::fs::read_to_string("/proc/sys/kernel/osrelease").ok().map(|text| text.trim().to_owned()),
    );
    let load = std::fs::read_to_string("/proc/loadavg").ok();
    let load = load.and_then(|text| text.split(' ').next().map(str::to_owned));
    if load.as_deref().and_then(|load| load.parse::<f64>().ok()).is_some_and(|load| load > 0.5) {
        println!("warning: the machine is busy, with a load of {}", load.as_deref().unwrap_or_default());
    }
    add("load at the start", load);
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    add("rustc", first_line(Command::new(rustc).arg("--version")));
    add("curl", first_line(Command::new("curl").arg("--version")));
    let versions = env.python.is_some().then(|| env.ask(&["versions".as_ref()]).ok()).flatten();
    for (name, version) in versions.as_ref().and_then(serde_json::Value::as_object).into_iter().flatten() {
        add(name, version.as_str().map(str::to_owned));
    }
    facts
}

fn first_line(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(|line| line.trim().to_owned())
}

/// Reads a value from a file in `/proc`.
fn proc(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/{file}")).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

/// Whether a program can be started.
pub(crate) fn has(program: &str) -> bool {
    first_line(Command::new(program).arg("--version")).is_some()
}
