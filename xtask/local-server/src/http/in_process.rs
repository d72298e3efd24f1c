//! Requests that come through no connection.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};

use super::connection::Asked;
use super::{api, graphql};
use crate::store::Shared;

/// What the API port answers.
pub(crate) fn answer(shared: &Arc<Shared>, request: &Request<Bytes>) -> Response<Bytes> {
    let asked = Asked {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: request.headers().clone(),
        body: request.body().clone(),
    };
    let query = graphql::read(&asked);
    api::answer(shared, &asked, query).map(|blob| Bytes::from(blob.to_vec()))
}
