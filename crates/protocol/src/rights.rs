//! Who may do what in a group: one table, read by the store, by the server and by clients that grey out what would be
//! refused. `docs/PROTOCOL.md` shows it as it is here.
//!
//! A right is a least role. Two settings of a group raise some of them: *announcements* (only admins write) and
//! *approval* (who joins is looked at first). In a 1:1 both are members, and neither setting exists.

use crate::server_frame::Role;

/// What of a group's settings raises rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode {
    /// Only admins write.
    pub announce: bool,
    /// Whoever joins has to be let in.
    pub approve: bool,
}

macro_rules! actions {
    ($( $(#[$doc:meta])* $variant:ident $word:literal $plain:ident $announce:ident $approve:ident $say:literal; )*) => {
        /// What somebody may want to do in a conversation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $( $(#[$doc])* #[doc = $say] $variant, )*
        }

        impl Action {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its word in the table.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )*
                }
            }

            /// What it is, in a few words.
            #[must_use]
            pub fn say(self) -> &'static str {
                match self {
                    $( Self::$variant => $say, )*
                }
            }

            /// The least role that may do it in a group of this mode.
            #[must_use]
            pub fn least(self, mode: Mode) -> Role {
                let (plain, announce, approve) = match self {
                    $( Self::$variant => (Role::$plain, Role::$announce, Role::$approve), )*
                };
                let mut least = plain;
                if mode.announce {
                    least = least.max(announce);
                }
                if mode.approve {
                    least = least.max(approve);
                }
                least
            }
        }
    };
}

// The word, then the least role: as a rule, while announcing, while joins need approval.
actions! {
    Write "write" Member Admin Member "write, reply, forward";
    EditOwn "edit_own" Member Admin Member "edit one's own messages";
    DeleteOwn "delete_own" Member Member Member "delete one's own messages for everybody";
    DeleteOthers "delete_others" Admin Admin Admin "delete others' messages for everybody";
    React "react" Member Member Member "react to messages";
    Pin "pin" Member Admin Member "pin and unpin messages";
    MentionAll "mention_all" Admin Admin Admin "mention everybody at once";
    Describe "describe" Admin Admin Admin "change title, description and picture";
    SetRules "set_rules" Admin Admin Admin
        "change announcements, slow mode, what newcomers may read, and whether joining needs approval";
    SkipSlowMode "skip_slow_mode" Admin Admin Admin "write without the waits of slow mode";
    Add "add" Member Member Admin "add people";
    Remove "remove" Admin Admin Admin "remove people whose role is lower";
    Link "link" Admin Admin Admin "make, list and revoke invite links";
    Admit "admit" Admin Admin Admin "let in or turn away those who ask to join";
    SetRoles "set_roles" Owner Owner Owner "make and unmake admins and owners";
}

/// Whether this role may do it in a group of this mode.
#[must_use]
pub fn may(role: Role, action: Action, mode: Mode) -> bool {
    role >= action.least(mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RGT1: a setting only ever takes rights away, and an owner has all of them whatever is set.
    #[test]
    fn settings_take_rights_away_and_owners_keep_them() {
        for &action in Action::ALL {
            for (announce, approve) in [(false, false), (true, false), (false, true), (true, true)] {
                let mode = Mode { announce, approve };
                assert!(may(Role::Owner, action, mode), "{action:?} in {mode:?}");
                assert!(
                    action.least(mode) >= action.least(Mode::default()),
                    "{action:?} in {mode:?}"
                );
            }
        }
        assert!(may(Role::Member, Action::Write, Mode::default()));
        let announcing = Mode {
            announce: true,
            approve: false,
        };
        assert!(!may(Role::Member, Action::Write, announcing) && may(Role::Admin, Action::Write, announcing));
    }
}
