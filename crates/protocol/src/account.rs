//! The HTTP bodies for signing up, signing in and looking after one's devices. `docs/PROTOCOL.md` has the paths.

use crate::ids::{DeviceId, UserId};
use crate::limits;
use crate::token::TokenText;
use serde::{Deserialize, Serialize};
use std::fmt;

/// `POST /v1/accounts`: a new person, and their first device.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignUp {
    /// The handle they want, without `@`.
    pub handle: String,
    /// The name to show.
    pub name: String,
    /// Their password.
    pub password: String,
    /// The invite, where the server wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<String>,
    /// The token of a link into a group, in place of an invite: where the server lets who holds one sign up with it.
    /// It must be one that can be used, and is not used up by this; `join` does that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<TokenText>,
    /// What to call this device in the list of devices.
    #[serde(default)]
    pub device_name: String,
    /// Keep the token in a cookie instead of telling it: for a page of this server's in a browser.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cookie: bool,
}

/// `POST /v1/sessions`: another device of a person.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignIn {
    /// Their handle.
    pub handle: String,
    /// Their password.
    pub password: String,
    /// What to call this device in the list of devices.
    #[serde(default)]
    pub device_name: String,
    /// Keep the token in a cookie instead of telling it: for a page of this server's in a browser.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cookie: bool,
}

/// The answer to both: who you are now. The token is told this once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedIn {
    /// The person.
    pub user: UserId,
    /// Their handle as it is kept.
    pub handle: String,
    /// The name to show.
    pub name: String,
    /// The new device.
    pub device: DeviceId,
    /// Its token; absent where it is kept in a cookie.
    #[serde(default, skip_serializing_if = "TokenText::is_cookie")]
    pub token: TokenText,
}

/// `GET /v1/devices`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Devices {
    /// The devices that are signed in.
    pub devices: Vec<Device>,
}

/// One device in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Device {
    /// Its id.
    pub device: DeviceId,
    /// What it was called when it signed in.
    pub name: String,
    /// When it signed in, in milliseconds since 1970 UTC.
    pub created_ms: u64,
    /// When it was last connected, to about a minute.
    pub last_ms: u64,
    /// It is the one that asks.
    pub current: bool,
}

/// `DELETE /v1/devices/{device}` and `POST /v1/devices/sign-out-others`: who was signed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedOut {
    /// The devices whose tokens are void now.
    pub devices: Vec<DeviceId>,
}

/// `POST /v1/token`: a new token for the device that asks. The old one lives until the new one is first used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rotated {
    /// The new token; absent where it is kept in a cookie.
    #[serde(default, skip_serializing_if = "TokenText::is_cookie")]
    pub token: TokenText,
}

/// A handle in the one form it is kept in: trimmed, without `@`, lower case. `None`: no handle can be made of it.
#[must_use]
pub fn handle(text: &str) -> Option<String> {
    let handle = text.trim().trim_start_matches('@').to_ascii_lowercase();
    let shaped = (2..=limits::HANDLE_BYTES_MAX).contains(&handle.len())
        && handle.as_bytes()[0].is_ascii_alphanumeric()
        && handle
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'));
    shaped.then_some(handle)
}

impl fmt::Debug for SignUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignUp({})", self.handle)
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignIn({})", self.handle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_has_one_form() {
        assert_eq!(handle(" @Ann.B ").as_deref(), Some("ann.b"));
        for bad in ["", "a", ".ann", "ann b", "änn", &"x".repeat(33)] {
            assert_eq!(handle(bad), None, "{bad}");
        }
    }
}
