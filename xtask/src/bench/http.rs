//! A minimal HTTP/1.1 client for the local server, over one kept-alive connection.
//!
//! Small on purpose: it is the baseline for other clients.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use serde_json::{Value, json};

/// Size of the read buffer in bytes.
const CHUNK: usize = 256 << 10;

/// A connection to one address.
#[derive(Debug)]
pub(crate) struct Connection {
    host: String,
    authorization: String,
    stream: BufReader<TcpStream>,
}

/// Splits a URL into address and path.
fn parts(url: &str) -> Result<(&str, String)> {
    let rest = url.strip_prefix("http://").with_context(|| format!("{url} is not http"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    Ok((host, format!("/{path}")))
}

impl Connection {
    /// Connects to the server in a URL.
    pub(crate) fn open(url: &str, api_key: &str) -> Result<Self> {
        let (host, _) = parts(url)?;
        let stream = TcpStream::connect(host).with_context(|| format!("cannot connect to {host}"))?;
        stream.set_nodelay(true)?;
        let key = base64::engine::general_purpose::STANDARD.encode(format!("api:{api_key}"));
        let stream = BufReader::with_capacity(CHUNK, stream);
        Ok(Self { host: host.to_owned(), authorization: format!("Basic {key}"), stream })
    }

    /// Sends a request and passes the body to `take` as it arrives. Returns the length of the body.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        mut take: impl FnMut(&[u8]),
    ) -> Result<u64> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.host,
            self.authorization,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let length = self.head()?;
        let mut left = length;
        while left > 0 {
            let bytes = self.stream.fill_buf()?;
            ensure!(!bytes.is_empty(), "the connection was closed {left} bytes early");
            let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            take(&bytes[..count]);
            self.stream.consume(count);
            left -= count as u64;
        }
        Ok(length)
    }

    /// Reads the response head, which must have status 200. Returns the length of the body.
    fn head(&mut self) -> Result<u64> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut length = None;
        loop {
            line.clear();
            ensure!(self.stream.read_line(&mut line)? > 0, "the connection was closed in the head");
            match line.trim_end().split_once(':') {
                None => break,
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().ok();
                }
                Some(_) => {}
            }
        }
        let length: u64 = length.context("the response has no content-length")?;
        if status != "200" {
            let mut text = String::new();
            (&mut self.stream).take(length.min(2_000)).read_to_string(&mut text)?;
            bail!("the local server returned status {status}: {text}");
        }
        Ok(length)
    }

    /// Sends a request and parses the response as JSON.
    pub(crate) fn json(&mut self, method: &str, path: &str, body: &str) -> Result<Value> {
        let mut text = Vec::new();
        self.send(method, path, body, |bytes| text.extend_from_slice(bytes))?;
        serde_json::from_slice(&text).context("the response is not JSON")
    }

    /// Queries fields of a run.
    pub(crate) fn run(&mut self, path: &str, fields: &str) -> Result<Value> {
        let [entity, project, run] = path.split('/').collect::<Vec<_>>()[..] else {
            bail!("{path} is not the path of a run");
        };
        let query = format!(
            "query Bench($e: String!, $p: String!, $r: String!) {{ project(name: $p, entityName: $e) {{ \
             run(name: $r) {{ {fields} }} }} }}"
        );
        let body = json!({ "query": query, "variables": { "e": entity, "p": project, "r": run } });
        let answer = self.json("POST", "/graphql", &body.to_string())?;
        Ok(answer["data"]["project"]["run"].clone())
    }
}

/// Downloads a URL into a file.
pub(crate) fn download(url: &str, file: &std::path::Path) -> Result<()> {
    let mut out = std::fs::File::create(file)?;
    let mut failed = None;
    let mut connection = Connection::open(url, "")?;
    connection.send("GET", &parts(url)?.1, "", |bytes| {
        if let Err(problem) = out.write_all(bytes) {
            failed = Some(problem);
        }
    })?;
    failed.map_or(Ok(()), |problem| Err(problem.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split() {
        let (host, path) = parts("http://127.0.0.1:80/a/b?c=d").unwrap();
        assert_eq!((host, path.as_str()), ("127.0.0.1:80", "/a/b?c=d"));
        assert_eq!(parts("http://h:1").unwrap().1, "/");
        assert!(parts("https://h").is_err());
    }
}
