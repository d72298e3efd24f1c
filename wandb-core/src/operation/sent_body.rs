use bytes::Bytes;

/// The body of the request, stored in the extensions of its response.
///
/// Servers report errors in a query by line and column.
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
