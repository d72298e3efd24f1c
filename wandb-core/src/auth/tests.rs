//! Tests of API keys and the search for them.

mod credential;
mod key;
mod netrc;

/// A key of 40 characters that ends in `mark`.
fn key(mark: &str) -> String {
    format!("{mark:0>40}")
}
