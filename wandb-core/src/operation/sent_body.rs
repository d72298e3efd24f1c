use bytes::Bytes;

/// The body of the request that a response answers, among the response's extensions.
///
/// A server says by line and column what is wrong with a query.
///
/// ```
/// use wandb_core::operation::SentBody;
///
/// let mut response = http::Response::new(());
/// response.extensions_mut().insert(SentBody("{}".into()));
/// assert_eq!(response.extensions().get::<SentBody>().map(|sent| &*sent.0), Some(&b"{}"[..]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentBody(pub Bytes);
