//! `mockall` mocks of both transports.

use std::time::Duration;

use async_trait::async_trait;

use crate::transport::{Moment, Request, Response, Transport, TransportError};

mockall::mock! {
    /// A [`mockall`] mock of [`Transport`]. Set expectations with `expect_send`, `expect_sleep` and `expect_now`.
    #[derive(Debug)]
    pub Transport {}

    #[async_trait]
    impl Transport for Transport {
        async fn send(&self, request: Request) -> Result<Response, TransportError>;
        async fn sleep(&self, duration: Duration);
        fn now(&self) -> Moment;
    }
}

mockall::mock! {
    /// A [`mockall`] mock of [`blocking::Transport`](crate::blocking::Transport). Set expectations with
    /// `expect_send`.
    #[derive(Debug)]
    pub BlockingTransport {}

    impl crate::blocking::Transport for BlockingTransport {
        fn send(&self, request: Request) -> Result<crate::blocking::Response, TransportError>;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use super::*;
    use crate::blocking::{BlockingAdapter, block_on};
    use crate::transport::{Body, TransportErrorKind};

    #[test]
    fn async_mock_returns_the_expected_response() {
        let mut mock = MockTransport::new();
        mock.expect_send().times(1).returning(|_| Ok(Response::new(Body::from("expected"))));
        let mock: Arc<dyn Transport> = Arc::new(mock);
        let body =
            block_on(async { mock.send(Request::new(Bytes::new())).await?.into_body().bytes(10).await });
        assert_eq!(&body.expect("an answer")[..], b"expected");
    }

    #[test]
    fn blocking_mock_can_be_adapted() {
        let mut mock = MockBlockingTransport::new();
        mock.expect_send()
            .times(1)
            .returning(|_| Err(TransportError::new(TransportErrorKind::Connect, "expected")));
        let error =
            block_on(BlockingAdapter::new(mock).send(Request::new(Bytes::new()))).expect_err("a failure");
        assert_eq!(error.to_string(), "no connection: expected");
    }
}
