//! What people decide about themselves and about each other: how they appear, who may reach them, whom they want to
//! hear nothing of.

use crate::ids::{ConversationId, SendId, UserId};
use crate::position::Seq;
use serde::{Deserialize, Serialize};
use std::fmt;

/// `profile`: what is left out stays as it is. An empty `about` or `picture` takes it away. Its `Debug` does not say
/// what somebody writes about themselves.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetProfile {
    /// The name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Another handle. The old one is kept for its person for `handle_kept_ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// A few words about oneself, at most `about_bytes_max`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The name of a picture, at most `picture_bytes_max`: a place for it, in this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

impl fmt::Debug for SetProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetProfile")
            .field("name", &self.name.is_some())
            .field("handle", &self.handle.is_some())
            .field("about", &self.about.is_some())
            .field("picture", &self.picture.is_some())
            .finish()
    }
}

/// Who may do something to a person, or know something of them. A word this program does not know reads as nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Whoever has an account here.
    Everyone,
    /// Whoever is in a group with them, or in a 1:1 that both have taken up.
    Acquainted,
    /// Nobody.
    #[serde(other)]
    Nobody,
}

/// Who may reach a person, and who may know what of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Privacy {
    /// Who may begin a 1:1 with them. From somebody who is not acquainted it is a request.
    pub who_writes: Audience,
    /// Who may put them into a group.
    pub who_adds: Audience,
    /// Who may know that they are there, and when they last were. Only those who are acquainted ever do, so `everyone`
    /// is the same as `acquainted`. Who tells nobody is told of nobody.
    pub last_seen: Audience,
    /// Who may know how far they have read; `everyone` is the same as `acquainted`. Who tells nobody is told of nobody.
    pub receipts: Audience,
}

impl Default for Privacy {
    fn default() -> Self {
        Self {
            who_writes: Audience::Everyone,
            who_adds: Audience::Acquainted,
            last_seen: Audience::Acquainted,
            receipts: Audience::Acquainted,
        }
    }
}

impl Privacy {
    /// Whether it lets somebody do what `audience` says, who is or is not acquainted.
    #[must_use]
    pub fn lets(audience: Audience, acquainted: bool) -> bool {
        match audience {
            Audience::Everyone => true,
            Audience::Acquainted => acquainted,
            Audience::Nobody => false,
        }
    }
}

/// `privacy`: what is left out stays as it is; with nothing in it, it only asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetPrivacy {
    /// Who may begin a 1:1 with me.
    #[serde(
        default,
        deserialize_with = "known_audience",
        skip_serializing_if = "Option::is_none"
    )]
    pub who_writes: Option<Audience>,
    /// Who may put me into a group.
    #[serde(
        default,
        deserialize_with = "known_audience",
        skip_serializing_if = "Option::is_none"
    )]
    pub who_adds: Option<Audience>,
    /// Who may know that I am there, and when I last was.
    #[serde(
        default,
        deserialize_with = "known_audience",
        skip_serializing_if = "Option::is_none"
    )]
    pub last_seen: Option<Audience>,
    /// Who may know how far I have read.
    #[serde(
        default,
        deserialize_with = "known_audience",
        skip_serializing_if = "Option::is_none"
    )]
    pub receipts: Option<Audience>,
}

/// Whoever sets something is told what the server does not know, rather than shut off from everybody by a slip.
fn known_audience<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Audience>, D::Error> {
    match Option::<String>::deserialize(deserializer)?.as_deref() {
        None => Ok(None),
        Some("everyone") => Ok(Some(Audience::Everyone)),
        Some("acquainted") => Ok(Some(Audience::Acquainted)),
        Some("nobody") => Ok(Some(Audience::Nobody)),
        Some(_) => Err(serde::de::Error::custom(
            "an audience is everyone, acquainted or nobody",
        )),
    }
}

/// `block`: I want to hear nothing of somebody, or again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Block {
    /// Of whom.
    pub user: UserId,
    /// Whether, from now on.
    pub on: bool,
}

/// How a 1:1 that a stranger began stands for the one they wrote to. A word this program does not know reads as open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FirstContact {
    /// Put aside. Its sender cannot tell that from unread.
    Ignored,
    /// Not answered yet.
    #[serde(other)]
    Open,
}

/// `answer`: what becomes of a request. To write into it accepts it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnswerRequest {
    /// Which 1:1.
    pub conv: ConversationId,
    /// What.
    pub answer: Answer,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// They are welcome.
    Accept,
    /// Put it aside and say nothing.
    Ignore,
    /// Hear nothing of them any more.
    Block,
}

/// `report`: somebody should look at this. Its `Debug` does not say why.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Report {
    /// The report's name: the same on every retry.
    pub send_id: SendId,
    /// Where it happened.
    pub conv: ConversationId,
    /// Who is reported.
    pub user: UserId,
    /// Entries of theirs that show it, at most `report_entries_max`. The server keeps a copy for whoever runs it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seqs: Vec<Seq>,
    /// What is wrong, at most `report_bytes_max`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("send_id", &self.send_id)
            .field("conv", &self.conv)
            .field("user", &self.user)
            .field("seqs", &self.seqs)
            .field("why_bytes", &self.why.len())
            .finish()
    }
}

/// `report_ok`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportOk {
    /// The report's name.
    pub send_id: SendId,
}

/// `blocks`, a topic of the inbox: everybody I block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Blocks {
    /// Whom, in order of their ids, at most `blocks_max`.
    #[serde(default)]
    pub users: Vec<UserId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SEC1: neither what somebody says about themselves nor what they report stands in a debug print.
    #[test]
    fn sec1_a_debug_print_does_not_tell() {
        let profile = SetProfile {
            about: Some("canary".to_owned()),
            ..SetProfile::default()
        };
        let report = Report {
            send_id: SendId::from_bytes([1; 16]),
            conv: ConversationId::from_bytes([2; 16]),
            user: UserId::from_bytes([3; 16]),
            seqs: Vec::new(),
            why: "canary".to_owned(),
        };
        assert!(!format!("{profile:?}{report:?}").contains("canary"));
    }

    /// CMP2: a word of a later version is read as the one that tells least.
    #[test]
    fn cmp2_an_unknown_audience_is_nobody() {
        assert_eq!(
            serde_json::from_str::<Audience>("\"friends\"").expect("read"),
            Audience::Nobody
        );
        assert_eq!(
            serde_json::from_str::<FirstContact>("\"later\"").expect("read"),
            FirstContact::Open
        );
    }
}

/// `people`: those that were found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct People {
    /// One for each.
    pub list: Vec<Person>,
}

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Person {
    /// Their id.
    pub user: UserId,
    /// Their handle, without `@`.
    pub handle: String,
    /// The name to show.
    pub name: String,
    /// What they say about themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The name of their picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Their account is deactivated: they hear nothing and cannot be written to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deactivated: bool,
}
