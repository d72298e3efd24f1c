use std::fmt;
use std::io;
use std::time::Duration;

use http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};
use ureq::{Error, Timeout};

use crate::error::ConnectionFailure;
use crate::forward::Forward;

/// Resolves host names, and marks its failures as connection failures.
#[derive(Debug)]
pub(crate) struct MarkingResolver;

impl Resolver for MarkingResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        DefaultResolver::default()
            .resolve(uri, config, timeout)
            .map_err(|error| ConnectionFailure::Connecting(error).into())
    }
}

/// Connects like ureq, and wraps connections to apply the stall timeout.
///
/// ureq's own timeouts cover either the whole body or every read, which would include the wait for the first byte.
pub(crate) struct StallConnector {
    connector: Box<dyn Connector<(), Out = Box<dyn Transport>>>,
    direct: Config,
    stall_timeout: Duration,
}

impl StallConnector {
    /// Creates a connector. `direct` is the configuration without a proxy; `connector` opens sockets.
    pub(crate) fn new(
        connector: Box<dyn Connector<(), Out = Box<dyn Transport>>>,
        direct: Config,
        stall_timeout: Duration,
    ) -> Self {
        Self { connector, direct, stall_timeout }
    }

    fn open(&self, details: &ConnectionDetails<'_>) -> Result<Option<Connection>, Error> {
        let Some(forward) = Forward::of(details) else {
            let opened = self.connector.connect(details, None)?;
            return Ok(opened.map(|transport| self.connection(transport, None)));
        };
        let proxy = ConnectionDetails {
            uri: forward.proxy(),
            addrs: details.resolver.resolve(forward.proxy(), details.config, details.timeout)?,
            config: &self.direct,
            request_level: details.request_level,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        let opened = self.connector.connect(&proxy, None)?;
        Ok(opened.map(|transport| self.connection(transport, Some(forward))))
    }

    fn connection(&self, transport: Box<dyn Transport>, forward: Option<Forward>) -> Connection {
        Connection { transport, stall_timeout: self.stall_timeout, forward, between_requests: true }
    }
}

impl Connector<()> for StallConnector {
    type Out = Connection;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Connection>, Error> {
        self.open(details).map_err(|error| match error {
            // Already marked by the inner connection to a proxy.
            Error::Other(marked) => match marked.downcast::<ConnectionFailure>() {
                Ok(failure) => failure.while_connecting().into(),
                Err(other) => Error::Other(other),
            },
            error => ConnectionFailure::Connecting(error).into(),
        })
    }
}

pub(crate) struct Connection {
    transport: Box<dyn Transport>,
    stall_timeout: Duration,
    forward: Option<Forward>,
    between_requests: bool,
}

impl Connection {
    fn transmit_all(&mut self, bytes: &[u8], timeout: NextTimeout) -> Result<(), Error> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let output = self.transport.buffers().output();
            let (piece, later) = rest.split_at(rest.len().min(output.len()));
            output[..piece.len()].copy_from_slice(piece);
            self.transport.transmit_output(piece.len(), timeout)?;
            rest = later;
        }
        Ok(())
    }
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.transport.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let begins = std::mem::replace(&mut self.between_requests, false);
        let sent = match &self.forward {
            Some(forward) if begins => {
                let head = forward.rewrite(&self.transport.buffers().output()[..amount]);
                self.transmit_all(&head, timeout)
            }
            _ => self.transport.transmit_output(amount, timeout),
        };
        sent.map_err(mark_interruption)
    }

    fn await_input(&mut self, mut timeout: NextTimeout) -> Result<bool, Error> {
        self.between_requests = true;
        // The response headers have a separate timeout; a body has none.
        if timeout.reason == Timeout::Global {
            timeout.per_read = Some(self.stall_timeout.into());
        }
        self.transport.await_input(timeout).map_err(mark_interruption)
    }

    fn is_open(&mut self) -> bool {
        self.transport.is_open()
    }

    fn is_tls(&self) -> bool {
        self.transport.is_tls()
    }
}

/// Marks a reset during a body as an error: ureq takes it for the end of a body without a length.
fn mark_interruption(error: Error) -> Error {
    match error {
        Error::Io(error) if is_interruption(&error) => ConnectionFailure::Exchanging(error).into(),
        other => other,
    }
}

fn is_interruption(error: &io::Error) -> bool {
    use io::ErrorKind as E;
    matches!(error.kind(), E::UnexpectedEof | E::ConnectionReset | E::ConnectionAborted)
}

impl fmt::Debug for StallConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StallConnector")
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.transport).finish()
    }
}
