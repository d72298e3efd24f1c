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
