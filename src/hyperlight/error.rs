//! Why the micro-VM could not do what was asked.

/// Why the micro-VM could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum HyperlightError {
    /// There is no hypervisor.
    #[error(
        "no KVM here: {reason}; use the local backend, or run where /dev/kvm can be opened for reading and writing (often: add the user to the group kvm)"
    )]
    NoKvm {
        /// What was tried and seen.
        reason: String,
    },
    /// The crate was built without the guest image.
    #[error(
        "this program was built without the guest image ({reason}); run `cargo xtask setup` and build again, or use the local backend"
    )]
    NoGuestImage {
        /// Why the build left it out.
        reason: String,
    },
    /// The environment asks for what there is not.
    #[error(transparent)]
    Environment(#[from] crate::UnknownChoice),
    /// The arena does not fit a sandbox.
    #[error("an arena of {bytes} bytes is not possible; choose one from {min} to {max} bytes")]
    ArenaSize {
        /// The size asked for.
        bytes: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// The sandbox did not start.
    #[error("the guest did not boot: {reason}")]
    Boot {
        /// What Hyperlight or the guest said.
        reason: String,
    },
    /// The guest died during this call. What it had not committed is lost; the next call starts a new one.
    #[error("the guest crashed: {epitaph}")]
    GuestCrashed {
        /// Its last words: a message, or an exception with its address and registers.
        epitaph: String,
    },
    /// The guest did not answer in time and was ended. What it had not committed is lost; the next call starts
    /// a new one.
    #[error(
        "the guest did not answer within {limit:?} and was ended; raise the deadline or send less at once"
    )]
    DeadlineExceeded {
        /// The time it had.
        limit: std::time::Duration,
    },
    /// Another thread ended this call. What was not committed is lost; the next call starts a new guest.
    #[error("the call was ended by another thread")]
    Killed,
    /// The request was not sent, because it is too long.
    #[error("a request of {bytes} bytes exceeds the limit of {limit}; send less at once")]
    RequestTooLarge {
        /// Its encoded size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The request was served, but the reply was not sent, because it is too long.
    #[error("a reply of {bytes} bytes exceeds the limit of {limit}; ask for less at once")]
    ReplyTooLarge {
        /// Its encoded size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The request was not looked at, for the guest has no memory for it. The guest is as it was.
    #[error("the guest refused the request: {0}")]
    Refused(nub_abi::error::Abort),
    /// The sandbox died in an earlier call.
    #[error("the guest crashed in an earlier call and has not been restarted")]
    Poisoned,
    /// The guest sent something that is no reply.
    #[error("the guest's reply does not decode ({reason}); host and guest were built apart, build again")]
    BadReply {
        /// What is wrong with it.
        reason: String,
    },
}
