//! `POST /v1/poll`: what a socket tells, for whoever cannot hold one. Each poll carries what `hello` carries, so
//! nothing is kept of it between two, and any node may answer.

use crate::client_frame::Watch;
use crate::ids::Epoch;
use crate::position::{DeviceSeq, Ver};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The body of a poll: a `hello` whose token comes as any other request's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Poll {
    /// Versions of the protocol the client speaks.
    pub v: Vec<u32>,
    /// The client's name and version, for the list of devices and the logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The epoch of everything the client has kept; absent: it has kept nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// The inbox version the client has adopted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ver: Option<Ver>,
    /// The last mailbox item the client has stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dseq: Option<DeviceSeq>,
    /// What is on the screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watch>,
    /// How long to wait for something to tell, in milliseconds, at most [`crate::limits::POLL_WAIT_MS_MAX`]; absent:
    /// not at all.
    #[serde(default)]
    pub wait_ms: u64,
}

/// The answer: what a socket would have told, in order, without `re`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Polled {
    /// The frames: `welcome`, an `inbox` after `ver`, what the watched conversations are like, then what happened.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub frames: Vec<Box<RawValue>>,
}
