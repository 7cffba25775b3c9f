//! What a group is beside its log: its settings, and the requests that change them and its roles.

use crate::ids::{ConversationId, SendId, UserId};
use crate::limits;
use crate::position::Seq;
use crate::rights::{Action, Mode};
use crate::server_frame::Role;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What newcomers may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum History {
    /// What came since they joined.
    #[default]
    Joined,
    /// Everything that the log still holds.
    All,
    /// A word this program does not know.
    #[serde(other)]
    Unknown,
}

/// The settings of a group as they stand, besides its title. What is left out is as in a new group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct GroupSettings {
    /// What it is for; absent: nobody has said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its picture, by the id of an attachment; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub picture: Option<Uuid>,
    /// Only admins write.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub announce: bool,
    /// How far apart a member's messages are at least, in seconds; 0: no matter.
    #[serde(skip_serializing_if = "is_zero")]
    pub slow_mode_s: u32,
    /// What newcomers may read.
    #[serde(skip_serializing_if = "is_default")]
    pub history: History,
    /// Who joins by a link has to be let in.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub approve: bool,
}

/// A change of a group's settings, and the body of the `settings` entry that tells of it. What is absent stays as it
/// is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct SettingsChange {
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is for; the empty text removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its picture; the id of noughts removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub picture: Option<Uuid>,
    /// Only admins write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announce: Option<bool>,
    /// How far apart a member's messages are at least, in seconds; 0 ends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow_mode_s: Option<u32>,
    /// What newcomers may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// Who joins by a link has to be let in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approve: Option<bool>,
}

/// `settings`: change what a group is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeSettings {
    /// Which group.
    pub conv: ConversationId,
    /// The change's name.
    pub send_id: SendId,
    /// What changes; at least one thing.
    #[serde(flatten)]
    pub change: SettingsChange,
}

/// `role`: make somebody an admin, an owner, or a plain member again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeRole {
    /// In which group.
    pub conv: ConversationId,
    /// The change's name.
    pub send_id: SendId,
    /// Whose.
    pub user: UserId,
    /// Which from now on. A word that is none is malformed: nobody loses a role to a slip of the pen.
    #[serde(deserialize_with = "known_role")]
    pub role: Role,
}

/// The body of a `role`: the entry's sender gave somebody another role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoleChanged {
    /// Whose.
    pub user: UserId,
    /// Which from now on.
    pub role: Role,
}

/// What is wrong with a change of settings, in words for the developer of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(pub &'static str);

impl GroupSettings {
    /// What of them raises rights.
    #[must_use]
    pub fn mode(&self) -> Mode {
        Mode {
            announce: self.announce,
            approve: self.approve,
        }
    }

    /// Whether they are those of a new group.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl SettingsChange {
    /// Checks its shape, and trims what people write.
    ///
    /// # Errors
    /// [`Fault`] says which rule it breaks.
    pub fn check(mut self) -> Result<Self, Fault> {
        for text in [&mut self.title, &mut self.description].into_iter().flatten() {
            *text = text.trim().to_owned();
        }
        let fault = |is_so: bool, say| if is_so { Err(Fault(say)) } else { Ok(()) };
        fault(
            self == Self::default(),
            "a `settings` changes at least one thing; PROTOCOL.md names them",
        )?;
        let title = self.title.as_ref();
        fault(
            title.is_some_and(|text| text.is_empty() || text.len() > limits::TITLE_BYTES_MAX),
            "a group has a title of 1 to title_bytes_max bytes",
        )?;
        let description = self.description.as_ref();
        fault(
            description.is_some_and(|text| text.len() > limits::DESCRIPTION_BYTES_MAX),
            "the description is longer than description_bytes_max",
        )?;
        fault(
            self.slow_mode_s.is_some_and(|wait_s| wait_s > limits::SLOW_MODE_S_MAX),
            "slow mode waits at most slow_mode_s_max seconds",
        )?;
        fault(self.history == Some(History::Unknown), "`history` is `joined` or `all`")?;
        Ok(self)
    }

    /// The rights that it needs.
    pub fn needs(&self) -> impl Iterator<Item = Action> {
        let describes = self.title.is_some() || self.description.is_some() || self.picture.is_some();
        let rules =
            self.announce.is_some() || self.slow_mode_s.is_some() || self.history.is_some() || self.approve.is_some();
        let describes = describes.then_some(Action::Describe);
        describes.into_iter().chain(rules.then_some(Action::SetRules))
    }

    /// What of it is not so already.
    #[must_use]
    pub fn news(&self, title: Option<&str>, settings: &GroupSettings) -> Self {
        let mut news = self.clone();
        news.title.take_if(|new| Some(&**new) == title);
        let description = settings.description.as_deref().unwrap_or_default();
        news.description.take_if(|new| *new == description);
        let picture = settings.picture.unwrap_or_default();
        news.picture.take_if(|new| *new == picture);
        news.announce.take_if(|new| *new == settings.announce);
        news.slow_mode_s.take_if(|new| *new == settings.slow_mode_s);
        news.history.take_if(|new| *new == settings.history);
        news.approve.take_if(|new| *new == settings.approve);
        news
    }

    /// Makes the change.
    pub fn apply(&self, title: &mut Option<String>, settings: &mut GroupSettings) {
        if self.title.is_some() {
            title.clone_from(&self.title);
        }
        if let Some(text) = &self.description {
            settings.description = Some(text.clone()).filter(|text| !text.is_empty());
        }
        if let Some(picture) = self.picture {
            settings.picture = Some(picture).filter(|picture| !picture.is_nil());
        }
        settings.announce = self.announce.unwrap_or(settings.announce);
        settings.slow_mode_s = self.slow_mode_s.unwrap_or(settings.slow_mode_s);
        settings.history = self.history.unwrap_or(settings.history);
        settings.approve = self.approve.unwrap_or(settings.approve);
    }
}

fn known_role<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
    let word = String::deserialize(deserializer)?;
    let known = ["member", "admin", "owner"].contains(&&*word);
    if known {
        Ok(Role::from(word))
    } else {
        Err(serde::de::Error::custom("a role is `member`, `admin` or `owner`"))
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_default(history: &History) -> bool {
    *history == History::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_was_made_is_no_news() {
        let change = SettingsChange {
            title: Some(" Choir ".into()),
            description: Some("Mondays".into()),
            picture: Some(Uuid::from_bytes([7; 16])),
            announce: Some(true),
            slow_mode_s: Some(30),
            history: Some(History::All),
            approve: Some(true),
        };
        let change = change.check().expect("a change");
        let (mut title, mut settings) = (Some("Old".to_owned()), GroupSettings::default());
        assert_eq!(change.news(title.as_deref(), &settings), change);
        change.apply(&mut title, &mut settings);
        assert_eq!(title.as_deref(), Some("Choir"));
        assert_eq!(change.news(title.as_deref(), &settings), SettingsChange::default());
        let back = SettingsChange {
            description: Some(String::new()),
            picture: Some(Uuid::nil()),
            announce: Some(false),
            slow_mode_s: Some(0),
            history: Some(History::Joined),
            approve: Some(false),
            ..SettingsChange::default()
        };
        back.apply(&mut title, &mut settings);
        assert!(settings.is_default());
        assert_eq!(serde_json::to_string(&settings).expect("JSON"), "{}");
    }

    #[test]
    fn a_change_has_bounds() {
        let long = "x".repeat(limits::DESCRIPTION_BYTES_MAX + 1);
        for bad in [
            "{}".to_owned(),
            r#"{"title":"  "}"#.to_owned(),
            format!(r#"{{"description":"{long}"}}"#),
            r#"{"slow_mode_s":21601}"#.to_owned(),
            r#"{"history":"some"}"#.to_owned(),
        ] {
            let change: SettingsChange = serde_json::from_str(&bad).expect("the shape is right");
            assert!(change.check().is_err(), "{bad}");
        }
        let role = r#"{"conv":"00000000-0000-4000-8000-000000000001",
            "send_id":"00000000-0000-4000-8000-000000000001",
            "user":"00000000-0000-4000-8000-000000000001","role":"chair"}"#;
        assert!(serde_json::from_str::<ChangeRole>(role).is_err());
    }
}

/// `members`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Members {
    /// Of which conversation.
    pub conv: ConversationId,
    /// Ask again after the last one: there are more.
    pub more: bool,
    /// The members, in order of their ids.
    pub list: Vec<Member>,
}

/// One member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// What they may do.
    pub role: Role,
    /// The first entry of their present stay.
    pub from_seq: Seq,
    /// Their public delivered cursor.
    pub delivered: Seq,
    /// Their public read cursor.
    pub read: Seq,
}
