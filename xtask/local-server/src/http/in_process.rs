//! Requests that come through no connection.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};

use super::connection::Asked;
use super::{api, graphql, storage};
use crate::store::Shared;

/// What the API port answers, or the storage port where its address is asked.
pub(crate) fn answer(shared: &Arc<Shared>, request: &Request<Bytes>) -> Response<Bytes> {
    let asked = Asked {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: request.headers().clone(),
        body: request.body().clone(),
    };
    let is_storage = request.uri().to_string().starts_with(shared.storage_url());
    let reply = if is_storage {
        storage::answer(shared, &asked)
    } else {
        let query = graphql::read(&asked);
        api::answer(shared, &asked, query)
    };
    reply.map(|blob| Bytes::from(blob.to_vec()))
}
