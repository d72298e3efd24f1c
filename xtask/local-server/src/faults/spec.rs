//! Parses faults from text, for the command line.

use std::str::FromStr;
use std::time::Duration;

use super::{Fault, FaultKind, Faults, RateLimit, Scope, When};
use crate::request_log::Port;

/// A fault that cannot be parsed.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot read the fault {item:?}: {problem} (hint: KIND:HOW[@WHERE], such as 429:0.1, reset:next=3@HistoryPage \
     or rate=50)"
)]
pub struct FaultSpecError {
    item: String,
    problem: String,
}

/// Parses faults from a comma-separated list of `KIND:HOW[@WHERE]` or `SETTING=VALUE`:
///
/// - KIND: a status (`429`, `503`), `reset`, `cut`, `stall`, `html`, `null`, `latency=MILLISECONDS`
/// - HOW: a probability (`0.1`) or `next=COUNT`
/// - WHERE: `api`, `storage`, an operation name or a part of the path
/// - SETTING: `seed=N`, `page-limit=STEPS`, `rate=REQUESTS_PER_SECOND`
///
/// ```
/// use wandb_local_server::Faults;
///
/// let faults: Faults = "429:0.1,reset:next=3@HistoryPage,seed=7,page-limit=1000".parse()?;
/// assert_eq!(faults.faults.len(), 2);
/// # Ok::<(), wandb_local_server::FaultSpecError>(())
/// ```
impl FromStr for Faults {
    type Err = FaultSpecError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut faults = Self::default();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let wrong = |problem: &str| FaultSpecError { item: item.to_owned(), problem: problem.to_owned() };
            match item.split_once('=') {
                Some(("seed", value)) => {
                    faults.seed = value.parse().map_err(|_| wrong("the seed is not a number"))?;
                }
                Some(("page-limit", value)) => {
                    faults.page_limit =
                        Some(value.parse().map_err(|_| wrong("the limit is not a number of steps"))?);
                }
                Some(("rate", value)) => {
                    let per_second = value.parse().map_err(|_| wrong("the rate is not a number"))?;
                    faults.rate_limit = Some(RateLimit { per_second, burst: 10.0 });
                }
                _ => faults.faults.push(fault(item).ok_or_else(|| wrong("invalid format"))?),
            }
        }
        Ok(faults)
    }
}

fn fault(item: &str) -> Option<Fault> {
    let (what, place) = item.split_once('@').map_or((item, None), |(what, place)| (what, Some(place)));
    let (kind, how) = what.split_once(':')?;
    let kind = match kind {
        "reset" => FaultKind::Reset,
        "cut" => FaultKind::CutBody,
        "stall" => FaultKind::Stall,
        "html" => FaultKind::Html(200),
        "null" => FaultKind::DataNull("internal error".to_owned()),
        "429" => FaultKind::TooManyRequests { reset: 1, retry_after: Some(1) },
        _ => match kind.strip_prefix("latency=") {
            Some(milliseconds) => FaultKind::Latency(Duration::from_millis(milliseconds.parse().ok()?)),
            None => FaultKind::Status(kind.parse().ok().filter(|status| (100..1000).contains(status))?),
        },
    };
    let when = match how.strip_prefix("next=") {
        Some(count) => When::Next(count.parse().ok()?),
        None => When::Chance(how.parse().ok()?),
    };
    let scope = match place {
        None => Scope::default(),
        Some("api") => Scope { port: Some(Port::Api), matching: None },
        Some("storage") => Scope { port: Some(Port::Storage), matching: None },
        Some(matching) => Scope { port: None, matching: Some(matching.to_owned()) },
    };
    Some(Fault { kind, scope, when })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_parsed() {
        let faults: Faults =
            "429:0.1, 503:next=2@api,latency=20:1@storage,cut:0.5@HistoryPage,rate=50".parse().unwrap();
        assert_eq!(faults.faults[1].when, When::Next(2));
        assert_eq!(faults.faults[2].kind, FaultKind::Latency(Duration::from_millis(20)));
        assert_eq!(faults.faults[3].scope.matching.as_deref(), Some("HistoryPage"));
        assert_eq!(faults.rate_limit.map(|limit| limit.per_second), Some(50.0));
        assert!("often:1".parse::<Faults>().is_err());
        assert!("429".parse::<Faults>().is_err());
    }
}
