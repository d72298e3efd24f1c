//! Synthetic projects with many runs, and runs with many files, generated from a seed.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::blob::Blob;
use super::run::RunState;
use super::seed::NewRun;

/// Maximum block length. Longer files repeat a block, so that they take no more memory.
const MAX_BLOCK: usize = 1 << 20;

/// Unix time at which the first run was created. Each later run follows a minute after.
const FIRST_RUN: i64 = 1_700_000_000;

/// Returns the `number`th run of a large project, with the config and summary of a typical training script.
pub(crate) fn run(entity: &str, project: &str, number: u32) -> NewRun {
    let mut random = fastrand::Rng::with_seed(u64::from(number));
    let created_at = Timestamp::UNIX_EPOCH
        .saturating_add(SignedDuration::from_secs(FIRST_RUN + 60 * i64::from(number)))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let mut new = NewRun::new(entity, project, &format!("run{number:06}"));
    new.display_name = Some(format!("quiet-river-{number}"));
    new.state = if number % 10 == 9 { RunState::Crashed } else { RunState::Finished };
    new.tags = vec![format!("fold-{}", number % 5), "baseline".to_owned()];
    new.group = Some(format!("group-{}", number % 20));
    new.created_at = Some(created_at);
    new.config(&config(&mut random, number)).summary(&summary(&mut random))
}

/// Returns the same run with a short history, system metrics and a log.
pub(crate) fn whole_run(entity: &str, project: &str, number: u32) -> NewRun {
    let mut random = fastrand::Rng::with_seed(u64::from(number));
    let mut new = run(entity, project, number);
    let rows = 20 + number % 20;
    new.history = (0..rows)
        .map(|step| {
            json!({
                "_step": step, "_runtime": f64::from(step) * 1.5, "_timestamp": 1_700_000_000 + step,
                "loss": 1.0 / f64::from(step + 1), "accuracy": random.f64(), "lr": 0.001, "epoch": step / 5,
            })
            .to_string()
        })
        .collect();
    new.events = (0..3)
        .map(|at| {
            json!({ "_runtime": at * 15, "system.cpu": random.f64() * 100.0, "system.memory": 40.5 })
                .to_string()
        })
        .collect();
    new.log = (0..rows).map(|step| format!("step {step}: loss {:.4}", 1.0 / f64::from(step + 1))).collect();
    new
}

fn config(random: &mut fastrand::Rng, number: u32) -> Value {
    json!({
        "seed": number,
        "learning_rate": random.f64() * 0.01,
        "batch_size": 1_u32 << random.u32(4..10),
        "epochs": random.u32(10..200),
        "model": {
            "name": "transformer",
            "layers": random.u32(2..48),
            "heads": random.u32(2..32),
            "hidden": 64 * random.u32(2..64),
            "dropout": random.f64() * 0.5,
            "activation": "gelu",
            "tie_embeddings": random.bool(),
        },
        "optimizer": {
            "name": "adamw",
            "betas": [0.9, 0.98],
            "eps": 1e-8,
            "weight_decay": random.f64() * 0.1,
            "schedule": { "kind": "cosine", "warmup": random.u32(100..5000), "floor": 1e-6 },
        },
        "data": {
            "path": format!("s3://datasets/corpus/v{}/train", random.u32(1..20)),
            "shards": random.u32(8..512),
            "shuffle": true,
            "filters": ["deduplicated", "english", "longer than 128 tokens"],
            "tokenizer": "bpe-32k",
        },
        "precision": "bf16",
        "gradient_clipping": 1.0,
        "checkpoint_every": 1000,
        "devices": 8,
        "notes": "first try, with \"quotes\" and a, comma",
        "resume": null,
        "_wandb": {
            "cli_version": "0.31.0",
            "python_version": "3.11.7",
            "t": { "1": [1, 5, 11, 41, 49, 53, 55], "2": [1, 5, 11, 41], "3": [2, 13, 16, 23, 55], "4": "3.11.7" },
            "m": [{ "1": "train/loss", "5": 2, "6": [1, 3] }, { "1": "trainer/global_step", "6": [3] }],
        },
    })
}

fn summary(random: &mut fastrand::Rng) -> Value {
    let mut summary = serde_json::Map::new();
    for part in ["train", "validation", "test"] {
        for metric in ["loss", "accuracy", "perplexity", "f1", "precision", "recall", "grad_norm", "tokens"] {
            summary.insert(format!("{part}/{metric}"), random.f64().into());
        }
    }
    let steps = random.u32(1_000..100_000);
    summary.insert("epoch".to_owned(), (steps / 1_000).into());
    summary
        .insert("best".to_owned(), json!({ "step": steps / 2, "loss": random.f64(), "path": "best.ckpt" }));
    summary.insert("_step".to_owned(), steps.into());
    summary.insert("_runtime".to_owned(), (f64::from(steps) * 0.25).into());
    summary.insert("_timestamp".to_owned(), (f64::from(steps) * 0.25 + 1.7e9).into());
    summary.insert("_wandb".to_owned(), json!({ "runtime": steps / 4 }));
    Value::Object(summary)
}

/// Returns the name and content of the `number`th file of a run: random bytes, which cannot be compressed.
pub(crate) fn file(number: u32, len: usize) -> (String, Blob) {
    let mut random = fastrand::Rng::with_seed(u64::from(number));
    let mut block = vec![0; len.min(MAX_BLOCK)];
    random.fill(&mut block);
    let name = format!("artifacts/{:03}/file_{number:06}.bin", number / 1_000);
    (name, Blob::repeated(Bytes::from(block), len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_distinct_and_reproducible() {
        let (first, again) = (run("e", "p", 1), run("e", "p", 1));
        assert_eq!((&first.config, &first.summary), (&again.config, &again.summary));
        assert_ne!(first.config, run("e", "p", 2).config);
        assert!((1_000..4_000).contains(&first.config.len()), "{}", first.config.len());
        assert!(run("e", "p", 2).created_at > first.created_at);
    }

    #[test]
    fn large_file_uses_the_memory_of_a_block() {
        let (name, blob) = file(3, 2_000_000_000);
        assert_eq!((name.as_str(), blob.len()), ("artifacts/000/file_000003.bin", 2_000_000_000));
        assert_eq!(blob.clone().next().map(|chunk| chunk.len()), Some(MAX_BLOCK));
        assert_ne!(file(1, 10).1.to_vec(), file(2, 10).1.to_vec());
        assert_eq!(file(1, 10).1.to_vec(), file(1, 10).1.to_vec());
    }
}
