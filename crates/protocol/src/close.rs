//! Close codes (RFC 6455 §7.4.2 leaves 4000 to 4999 to applications). The hundred says what the client must do.

/// Why a server closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Close {
    /// The server is going down: come back after `bye.after_ms`.
    Draining = 4000,
    /// Nothing was heard for too long.
    Silent = 4001,
    /// What was sent was not taken for too long.
    Stuck = 4002,
    /// No `hello` within its time.
    NoHello = 4003,
    /// Something broke on the server.
    Fault = 4004,
    /// Too many connections from this address, or on this server.
    Crowded = 4005,
    /// The token is not known, or no longer.
    Unauthenticated = 4100,
    /// The device was signed out while it was connected.
    Revoked = 4101,
    /// Too many frames that are none, or a binary one.
    Malformed = 4200,
    /// No version in common.
    UnsupportedVersion = 4201,
    /// A frame larger than `client_frame_bytes_max`.
    TooLarge = 4202,
}

/// What a client does after a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Connect again, after a back-off (or after `bye.after_ms`). Also after any code that is not listed here, and
    /// after a connection that ended without a code.
    Reconnect,
    /// Forget the token, keep what was not sent, and let the person sign in.
    SignIn,
    /// Do not come back: the client has a fault that coming back does not mend. Tell the person to update.
    Stop,
}

impl Close {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Draining,
        Self::Silent,
        Self::Stuck,
        Self::NoHello,
        Self::Fault,
        Self::Crowded,
        Self::Unauthenticated,
        Self::Revoked,
        Self::Malformed,
        Self::UnsupportedVersion,
        Self::TooLarge,
    ];

    /// The number on the wire.
    #[must_use]
    pub fn code(self) -> u16 {
        self as u16
    }

    /// The reason in words, sent along; at most 123 bytes (RFC 6455 §5.5).
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Draining => "the server is going down; come back",
            Self::Silent => "nothing was heard from you for too long",
            Self::Stuck => "you did not take what was sent to you",
            Self::NoHello => "no hello came in time",
            Self::Fault => "something broke on the server",
            Self::Crowded => "too many connections",
            Self::Unauthenticated => "the token is not known here",
            Self::Revoked => "this device was signed out",
            Self::Malformed => "too many frames that are not frames",
            Self::UnsupportedVersion => "no version of the protocol in common",
            Self::TooLarge => "a frame was larger than client_frame_bytes_max",
        }
    }
}

impl Duty {
    /// The duty after a close with this code, known or not.
    #[must_use]
    pub fn after(code: Option<u16>) -> Self {
        match code {
            Some(4100..=4199) => Self::SignIn,
            Some(4200..=4299) => Self::Stop,
            _ => Self::Reconnect,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hundred_says_the_duty() {
        assert_eq!(Duty::after(Some(Close::Draining.code())), Duty::Reconnect);
        assert_eq!(Duty::after(Some(Close::Revoked.code())), Duty::SignIn);
        assert_eq!(Duty::after(Some(Close::TooLarge.code())), Duty::Stop);
        assert_eq!(Duty::after(Some(1006)), Duty::Reconnect);
        assert_eq!(Duty::after(None), Duty::Reconnect);
        assert!(Close::ALL.iter().all(|c| c.reason().len() <= 123));
    }
}
