//! The body of a request that is answered here.

/// Why there is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoBody {
    /// It has more bytes than it may.
    TooLarge,
    /// It broke off, or took too long.
    Broken,
}
