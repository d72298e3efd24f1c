//! One connection: reads requests, draws faults, sends answers, keeps the log.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::body::{self, Payload, Reply, Then};
use super::{api, graphql, storage};
use crate::faults::{FaultKind, Verdict};
use crate::request_log::{Port, RequestRecord};
use crate::store::Shared;
use crate::traffic::Underway;

/// Longest request body.
const MOST: usize = 1 << 30;

/// One of the two ports.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) port: Port,
    pub(crate) shared: Arc<Shared>,
}

/// The connection is to be reset.
#[derive(Debug, thiserror::Error)]
#[error("the connection was reset on purpose")]
struct ResetConnection;

/// Accepts connections until the runtime ends.
pub(crate) async fn serve(listener: TcpListener, site: Site) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(converse(stream, site.clone()));
            }
            // Out of file descriptors, most likely: let connections end.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn converse(stream: TcpStream, site: Site) {
    // Answers are written in one piece, so waiting for more to send only costs time.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let service = service_fn(|request| answer(request, site.clone(), Arc::clone(&reset)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = Pin::new(&mut connection).await;
    if reset.load(Ordering::Relaxed) {
        let stream = connection.into_parts().io.into_inner();
        // With nothing to linger for, closing sends RST.
        let _ = stream.set_zero_linger();
    }
}

/// A request whose body has been read.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

async fn answer(
    request: Request<Incoming>,
    site: Site,
    reset: Arc<AtomicBool>,
) -> Result<Response<Payload>, ResetConnection> {
    let (parts, incoming) = request.into_parts();
    let is_status = site.port == Port::Api && parts.uri.path() == STATUS;
    let counted = if is_status { Arc::default() } else { Arc::clone(&site.shared.traffic) };
    let underway = counted.begin();
    let Ok(body) = Limited::new(incoming, MOST).collect().await else { return Err(ResetConnection) };
    let asked = Asked {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: body.to_bytes(),
    };
    if is_status {
        return Ok(status(&site.shared, &asked, underway));
    }
    let query = (site.port == Port::Api).then(|| graphql::read(&asked)).flatten();
    let operation = query.as_ref().and_then(graphql::operation_name);
    let mut record = RequestRecord {
        port: site.port,
        method: asked.method.to_string(),
        path: asked.path.clone(),
        operation: operation.clone(),
        variables: query.as_ref().and_then(|query| query.variables.clone()),
        authorization: asked.headers.contains_key(header::AUTHORIZATION),
        status: None,
        bytes: 0,
    };
    let (fault, verdict) = {
        let mut faults = site.shared.faults();
        let fault = faults.draw(site.port, operation.as_deref(), &asked.path);
        (fault, (site.port == Port::Api).then(|| faults.take(Instant::now())).flatten())
    };
    let mut then = Then::End;
    let mut reply = match fault {
        Some(FaultKind::Reset) => {
            site.shared.log.push(record);
            reset.store(true, Ordering::Relaxed);
            return Err(ResetConnection);
        }
        Some(FaultKind::TooManyRequests { reset, retry_after }) => too_many(reset, retry_after),
        Some(FaultKind::Status(status)) => failed(status),
        Some(FaultKind::Html(status)) => body::html(StatusCode::from_u16(status).unwrap_or(StatusCode::OK)),
        Some(FaultKind::DataNull(message)) => body::json(
            StatusCode::OK,
            serde_json::json!({ "data": null, "errors": [{ "message": message }] }).to_string(),
        ),
        _ if verdict.is_some_and(|verdict| !verdict.allowed) => {
            body::error(StatusCode::TOO_MANY_REQUESTS, "rate limit exceeded")
        }
        other => {
            match other {
                Some(FaultKind::Latency(duration)) => tokio::time::sleep(duration).await,
                Some(FaultKind::CutBody) => then = Then::Break,
                Some(FaultKind::Stall) => then = Then::Hang,
                _ => {}
            }
            match site.port {
                Port::Api => api::answer(&site.shared, &asked, query),
                Port::Storage => storage::answer(&site.shared, &asked),
            }
        }
    };
    if let Some(verdict) = verdict {
        quota(&mut reply, verdict);
    }
    record.status = Some(reply.status().as_u16());
    // A length is told to HEAD, and no byte sent.
    record.bytes = if asked.method == Method::HEAD { 0 } else { reply.body().len() as u64 };
    site.shared.traffic.answered(site.port, record.bytes);
    site.shared.log.push(record);
    Ok(body::send(reply, then, asked.method == Method::HEAD, underway))
}

/// The counters of the traffic, for whoever measures: not a route of W&B, and no request to it counts.
const STATUS: &str = "/local/traffic";

/// Tells the counters; DELETE begins anew.
fn status(shared: &Shared, asked: &Asked, underway: Underway) -> Response<Payload> {
    let reply = body::json(StatusCode::OK, shared.traffic.to_json().to_string());
    if asked.method == Method::DELETE {
        shared.traffic.reset();
    }
    body::send(reply, Then::End, false, underway)
}

fn failed(status: u16) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    body::error(status, status.canonical_reason().unwrap_or("error"))
}

fn too_many(reset: u64, retry_after: Option<u64>) -> Reply {
    let mut reply = body::error(StatusCode::TOO_MANY_REQUESTS, "rate limit exceeded");
    let headers = reply.headers_mut();
    headers.insert("ratelimit-limit", HeaderValue::from(100));
    headers.insert("ratelimit-remaining", HeaderValue::from(0));
    headers.insert("ratelimit-reset", HeaderValue::from(reset));
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    reply
}

/// The `RateLimit-*` headers, with fractions as the `SaaS` sends them.
fn quota(reply: &mut Reply, verdict: Verdict) {
    for (name, value) in [
        ("ratelimit-limit", verdict.limit),
        ("ratelimit-remaining", verdict.remaining),
        ("ratelimit-reset", verdict.reset),
    ] {
        if let Ok(value) = HeaderValue::from_str(&format!("{value:.3}")) {
            reply.headers_mut().insert(name, value);
        }
    }
}
