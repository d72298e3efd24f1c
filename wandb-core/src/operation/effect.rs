/// The effect of an operation on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Effect {
    /// Changes nothing, so a retry is always safe.
    #[default]
    Reads,
    /// Changes something. Retried only if it certainly had no effect: the connection failed, or the rate limit
    /// rejected it. In doubtful cases the caller decides
    /// ([`Error::may_have_taken_effect`](crate::error::Error::may_have_taken_effect)).
    Writes,
}
