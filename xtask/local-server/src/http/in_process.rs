//! Requests without a connection.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};

use super::connection::ReceivedRequest;
use super::{api, graphql, storage};
use crate::store::Shared;

/// Responds to a request as the API port would, or as the storage port if the URL is on that port.
pub(crate) fn answer(shared: &Arc<Shared>, request: &Request<Bytes>) -> Response<Bytes> {
    let received = ReceivedRequest {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: request.headers().clone(),
        body: request.body().clone(),
    };
    let is_storage = request.uri().to_string().starts_with(shared.storage_url());
    let reply = if is_storage {
        storage::answer(shared, &received)
    } else {
        let query = graphql::read(&received);
        api::answer(shared, &received, query)
    };
    reply.map(|blob| Bytes::from(blob.to_vec()))
}
