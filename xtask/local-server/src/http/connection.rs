//! Serves connections: reads requests, injects faults, sends responses, logs requests.

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

use super::body::{self, BodyEnd, Payload, Reply};
use super::{api, graphql, storage};
use crate::faults::{FaultKind, Verdict};
use crate::request_log::{Port, RequestRecord};
use crate::store::Shared;
use crate::traffic::InFlight;

/// Maximum length of a request body, in bytes.
const MAX_BODY: usize = 1 << 30;

/// One of the two ports, with the shared data.
#[derive(Debug, Clone)]
pub(crate) struct PortContext {
    pub(crate) port: Port,
    pub(crate) shared: Arc<Shared>,
}

/// Makes hyper drop the connection, which is then reset.
#[derive(Debug, thiserror::Error)]
#[error("the connection was reset on purpose")]
struct ResetConnection;

/// Accepts connections until the runtime ends.
pub(crate) async fn serve(listener: TcpListener, context: PortContext) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve_connection(stream, context.clone()));
            }
            // Most likely out of file descriptors: wait for connections to close.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve_connection(stream: TcpStream, context: PortContext) {
    // Responses are written in one piece, so Nagle's algorithm would only delay them.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let service = service_fn(|request| answer(request, context.clone(), Arc::clone(&reset)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = Pin::new(&mut connection).await;
    if reset.load(Ordering::Relaxed) {
        let stream = connection.into_parts().io.into_inner();
        // With a linger time of zero, closing sends RST.
        let _ = stream.set_zero_linger();
    }
}

/// A request whose body has been read.
pub(crate) struct ReceivedRequest {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

async fn answer(
    request: Request<Incoming>,
    context: PortContext,
    reset: Arc<AtomicBool>,
) -> Result<Response<Payload>, ResetConnection> {
    let (parts, incoming) = request.into_parts();
    let is_status = context.port == Port::Api && parts.uri.path() == STATUS;
    let counted = if is_status { Arc::default() } else { Arc::clone(&context.shared.traffic) };
    let in_flight = counted.begin(context.port);
    let Ok(body) = Limited::new(incoming, MAX_BODY).collect().await else { return Err(ResetConnection) };
    let received = ReceivedRequest {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: body.to_bytes(),
    };
    if is_status {
        return Ok(status(&context.shared, &received, in_flight));
    }
    let query = (context.port == Port::Api).then(|| graphql::read(&received)).flatten();
    let operation = query.as_ref().and_then(graphql::operation_name);
    let mut record = RequestRecord {
        port: context.port,
        method: received.method.to_string(),
        path: received.path.clone(),
        operation: operation.clone(),
        variables: query.as_ref().and_then(|query| query.variables.clone()),
        authorization: received.headers.contains_key(header::AUTHORIZATION),
        status: None,
        bytes: 0,
    };
    let (fault, verdict) = {
        let mut faults = context.shared.faults();
        let fault = faults.draw(context.port, operation.as_deref(), &received.path);
        (fault, (context.port == Port::Api).then(|| faults.take(Instant::now())).flatten())
    };
    let mut end = BodyEnd::Complete;
    let mut reply = match fault {
        Some(FaultKind::Reset) => {
            context.shared.log.push(record);
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
                Some(FaultKind::CutBody) => end = BodyEnd::Break,
                Some(FaultKind::Stall) => end = BodyEnd::Hang,
                _ => {}
            }
            match context.port {
                Port::Api => api::answer(&context.shared, &received, query),
                Port::Storage => storage::answer(&context.shared, &received),
            }
        }
    };
    if let Some(verdict) = verdict {
        quota(&mut reply, verdict);
    }
    record.status = Some(reply.status().as_u16());
    // A HEAD response has a length but no body.
    record.bytes = if received.method == Method::HEAD { 0 } else { reply.body().len() as u64 };
    context.shared.traffic.answered(context.port, record.bytes);
    context.shared.log.push(record);
    Ok(body::send(reply, end, received.method == Method::HEAD, in_flight))
}

/// The traffic counters, for benchmarks. Not a W&B route; requests to it are not counted.
const STATUS: &str = "/local/traffic";

/// Returns the counters. DELETE also resets them.
fn status(shared: &Shared, received: &ReceivedRequest, in_flight: InFlight) -> Response<Payload> {
    let reply = body::json(StatusCode::OK, shared.traffic.to_json().to_string());
    if received.method == Method::DELETE {
        shared.traffic.reset();
    }
    body::send(reply, BodyEnd::Complete, false, in_flight)
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

/// Sets the `RateLimit-*` headers, with fractions as the public service sends them.
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
