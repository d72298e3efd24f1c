/// What an operation does to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Effect {
    /// It changes nothing: asking again is always safe.
    #[default]
    Reads,
    /// It changes something. It is sent again only where it certainly had no effect: no connection was made, or the
    /// rate limit refused it. Whoever asked decides what to do where that is doubtful
    /// ([`Error::may_have_taken_effect`](crate::error::Error::may_have_taken_effect)).
    Writes,
}
