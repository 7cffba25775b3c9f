//! The numbered ways to say no. A number is a promise: it is never used again for something else.
//!
//! Hundreds say what sort: 1xx the frame, 2xx who you are, 3xx what you may, 4xx what you ask, 5xx the server right
//! now. Only 5xx is worth a retry, with the *same* `send_id`; everything else gets the same answer again.

use serde::{Deserialize, Serialize};

/// `refuse`: the answer no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Refusal {
    /// The number: see [`Code`].
    pub code: u16,
    /// The number's name, for people who read logs.
    pub name: String,
    /// One sentence: what was wrong, with what, what to do.
    pub say: String,
    /// Whether the same request may succeed later.
    pub retry: bool,
    /// Not before so many milliseconds; there exactly when `retry` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

macro_rules! codes {
    ($( $(#[$doc:meta])* $number:literal $variant:ident $name:literal $http:literal $say:literal; )*) => {
        /// Every refusal there is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Code {
            $( $(#[$doc])* #[doc = $say] $variant = $number, )*
        }

        impl Code {
            /// All of them, in order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The code of this number, if there is one.
            #[must_use]
            pub fn of(number: u16) -> Option<Self> {
                match number {
                    $( $number => Some(Self::$variant), )*
                    _ => None,
                }
            }

            /// Its name on the wire.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $( Self::$variant => $name, )*
                }
            }

            /// The HTTP status it has where the door is HTTP (RFC 9110 §15).
            #[must_use]
            pub fn http_status(self) -> u16 {
                match self {
                    $( Self::$variant => $http, )*
                }
            }

            /// The sentence that says what it means.
            #[must_use]
            pub fn say(self) -> &'static str {
                match self {
                    $( Self::$variant => $say, )*
                }
            }
        }
    };
}

codes! {
    101 Malformed "malformed" 400 "The frame is not a JSON object of this type; see PROTOCOL.md for its fields.";
    102 UnknownType "unknown_type" 404
        "This server does not know frames of this type; it may be older than the client.";
    103 TooLarge "too_large" 413
        "Something in the frame is larger or more than its limit allows; `welcome.limits` has the limits.";
    104 OutOfOrder "out_of_order" 409 "`hello` comes first and comes once.";
    105 UnsupportedVersion "unsupported_version" 400 "None of the offered versions is spoken here; update the client.";
    201 Unauthenticated "unauthenticated" 401
        "The token, or the handle and password, are not known here; sign in again.";
    202 InviteNeeded "invite_needed" 403 "Signing up needs an invite here; ask who runs this server for one.";
    203 InviteInvalid "invite_invalid" 403 "The invite is not known, is used up, or has run out; ask for a new one.";
    204 ForeignOrigin "foreign_origin" 403
        "This request comes from a page of another site; open this server's own address.";
    211 Deactivated "deactivated" 403
        "This account is deactivated; ask who runs this server to let you in again.";
    301 NotFound "not_found" 404 "There is no such conversation for you.";
    302 NotAMember "not_a_member" 403
        "You are no longer a member of this conversation; you can read what you could read then.";
    303 Forbidden "forbidden" 403 "Your role in this conversation does not allow this.";
    304 AnnouncementsOnly "announcements_only" 403 "Only admins write in this group now; others may react.";
    305 Removed "removed" 403
        "You were removed from this group, so a link does not bring you back; somebody in it has to add you.";
    331 NotAccepted "not_accepted" 403 "This person does not take messages from you.";
    332 YouBlock "you_block" 403 "You block this person; unblock them first.";
    333 PeerDeactivated "peer_deactivated" 403
        "This person's account is deactivated; what was said can be read, and nothing more be written.";
    334 NotAddable "not_addable" 403
        "Somebody named lets only people they know put them into groups; write to them first. Nobody was added.";
    401 SendIdReused "send_id_reused" 409 "This send_id already names another change; use a new one for a new change.";
    402 GroupFull "group_full" 409 "The group would have more members than group_members_max; nobody was added.";
    403 NotAGroup "not_a_group" 409 "Members change in groups only; a 1:1 always has its two people.";
    404 BadBody "bad_body" 422 "The body does not fit its kind.";
    405 BadKind "bad_kind" 422 "A client may not send entries of this kind.";
    406 BadReference "bad_reference" 422 "The entry this refers to does not exist, or you may not read it.";
    407 BeyondHead "beyond_head" 422 "The cursor lies beyond the last entry you may read.";
    408 UnknownPerson "unknown_person" 422 "One of the people named has no account here; nothing was changed.";
    409 HandleTaken "handle_taken" 409 "Somebody else has this handle; choose another.";
    410 BadRequest "bad_request" 400 "The request contradicts itself or leaves out what it needs.";
    411 TooManyDevices "too_many_devices" 409 "There are as many devices as devices_max; sign one of them out first.";
    412 BadHandle "bad_handle" 422 "A handle is 2 to 32 of a-z, 0-9, `.`, `_`, `-`, and starts with a letter or digit.";
    413 BadPassword "bad_password" 422 "A password has 8 to 1024 bytes.";
    414 Deleted "deleted" 410 "The entry was deleted; nothing of it can be changed or passed on any more.";
    415 TooLate "too_late" 409
        "The time for it has passed: one's own messages can be edited for edit_ms_max and deleted for delete_ms_max.";
    416 TooMany "too_many" 409
        "There are as many reactions or pins here as there may be; take one back first.";
    417 NotAMessage "not_a_message" 422
        "Only what people wrote can be changed, reacted to, pinned or passed on; and only a text can be edited.";
    418 NotARoot "not_a_root" 422
        "A thread starts at a message that is in no thread itself; name that one.";
    430 LastOwner "last_owner" 409 "A group always has an owner; make somebody else one first.";
    431 TooManyLinks "too_many_links" 409
        "There are as many links, or people who ask to be let in, as there may be; an admin has to see to them.";
    440 TooManyMarks "too_many_marks" 409 "There are as many marks as marks_max; nothing was marked.";
    441 TooManyHandles "too_many_handles" 409
        "You gave up as many handles as are kept for you; wait until one is free, or take one back.";
    442 TooManyBlocks "too_many_blocks" 409 "You block as many people as blocks_max; unblock one of them first.";
    443 TooManyReports "too_many_reports" 409
        "So many reports of yours are open already; wait until somebody has looked at them.";
    444 NotARequest "not_a_request" 409 "This conversation is no request to you, or is answered already.";
    501 RateLimited "rate_limited" 429 "Too many requests of this sort; wait for retry_after_ms.";
    502 Overloaded "overloaded" 503 "The server has more to do than it can; wait for retry_after_ms.";
    503 Internal "internal" 500 "Something broke on the server; it is logged there. Try again with the same send_id.";
    504 Draining "draining" 503 "This server is going down for a restart; connect again.";
    505 SlowMode "slow_mode" 429
        "This group is in slow mode, and your last message is not long enough ago; wait for retry_after_ms.";
    506 LowDisk "low_disk" 507
        "The server's disk is nearly full, so nothing new is taken; what is there can be read. Try again later.";
}

impl Code {
    /// Whether a retry with the same ids may succeed.
    #[must_use]
    pub fn retry(self) -> bool {
        self as u16 >= 500
    }

    /// The refusal with this code and its own sentence. A code worth a retry names a second as the wait.
    #[must_use]
    pub fn refuse(self) -> Refusal {
        self.refuse_saying(self.say())
    }

    /// The refusal with this code and a sentence that says more than its own.
    #[must_use]
    pub fn refuse_saying(self, say: impl Into<String>) -> Refusal {
        Refusal {
            code: self as u16,
            name: self.name().to_owned(),
            say: say.into(),
            retry: self.retry(),
            retry_after_ms: self.retry().then_some(1_000),
        }
    }

    /// The refusal of something that may be tried again after `ms`.
    #[must_use]
    pub fn refuse_for_ms(self, ms: u64) -> Refusal {
        Refusal {
            retry: true,
            retry_after_ms: Some(ms.max(1)),
            ..self.refuse()
        }
    }
}

impl Refusal {
    /// Its code, where this program knows the number.
    #[must_use]
    pub fn known(&self) -> Option<Code> {
        Code::of(self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_a_promise() {
        let list: Vec<String> = Code::ALL
            .iter()
            .map(|c| {
                format!(
                    "{} {} {} {}",
                    *c as u16,
                    c.name(),
                    c.http_status(),
                    if c.retry() { "retry" } else { "final" }
                )
            })
            .collect();
        insta::assert_snapshot!(list.join("\n"));
        assert!(
            Code::ALL.windows(2).all(|pair| pair[0] < pair[1]),
            "in order, none twice"
        );
        assert!(Code::ALL.iter().all(|&c| Code::of(c as u16) == Some(c)));
    }
}
