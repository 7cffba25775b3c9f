//! The routes that are no verbs, each with what it takes and what may come of it.

use super::{ACCOUNTS, LOOKS};
use protocol::refusal::Code;

/// A route that is no verb.
pub struct Fixed {
    /// The method, in lower case.
    pub method: &'static str,
    /// The path.
    pub path: &'static str,
    /// Its name for programs.
    pub id: &'static str,
    /// Its group.
    pub group: &'static str,
    /// What it does.
    pub say: &'static str,
    /// Whether it takes a token.
    pub token: bool,
    /// The schema of its body.
    pub body: Option<&'static str>,
    /// An id in its path, and which.
    pub in_path: Option<(&'static str, &'static str)>,
    /// What comes of it: status, meaning, body.
    pub answers: &'static [(u16, &'static str, Content)],
    /// What it may be refused with, besides what every request of `/v1` may be.
    pub refusals: &'static [Code],
}

/// What stands in an answer.
pub enum Content {
    /// Nothing.
    Nothing,
    /// JSON of this shape.
    Json(&'static str),
    /// Any JSON object.
    Any,
    /// Text of this media type.
    Text(&'static str),
}

const PLAIN: Content = Content::Text("text/plain");

/// A route that only looks.
const fn look(path: &'static str, id: &'static str, say: &'static str) -> Fixed {
    Fixed {
        method: "get",
        path,
        id,
        group: LOOKS,
        say,
        token: false,
        body: None,
        in_path: None,
        answers: &[],
        refusals: &[],
    }
}

/// A route about one's devices, which takes a token and no body, and signs out.
const fn mine(method: &'static str, path: &'static str, id: &'static str, say: &'static str) -> Fixed {
    Fixed {
        method,
        path,
        id,
        group: ACCOUNTS,
        say,
        token: true,
        body: None,
        in_path: None,
        answers: &[(
            200,
            "The devices whose tokens are void now.",
            Content::Json("SignedOut"),
        )],
        refusals: &[],
    }
}

/// All of them, in the order in which somebody meets them.
pub const FIXED: &[Fixed] = &[
    Fixed {
        token: false,
        body: Some("SignUp"),
        answers: &[(
            201,
            "Who you are now. The token is told this once.",
            Content::Json("SignedIn"),
        )],
        refusals: &[
            Code::TooLarge,
            Code::InviteNeeded,
            Code::InviteInvalid,
            Code::HandleTaken,
            Code::BadRequest,
            Code::BadHandle,
            Code::BadPassword,
        ],
        ..mine(
            "post",
            "/v1/accounts",
            "sign_up",
            "Makes a person and their first device.",
        )
    },
    Fixed {
        token: false,
        body: Some("SignIn"),
        answers: &[(
            201,
            "Who you are now. The token is told this once.",
            Content::Json("SignedIn"),
        )],
        refusals: &[
            Code::TooLarge,
            Code::Unauthenticated,
            Code::BadRequest,
            Code::TooManyDevices,
        ],
        ..mine("post", "/v1/sessions", "sign_in", "Makes another device of a person.")
    },
    Fixed {
        token: false,
        body: Some("AskPreview"),
        answers: &[(200, "What is behind the link.", Content::Json("Preview"))],
        refusals: &[Code::TooLarge, Code::BadRequest, Code::InviteInvalid],
        ..mine(
            "post",
            "/v1/preview",
            "preview",
            "Looks behind a link into a group before there is an account.",
        )
    },
    Fixed {
        answers: &[(200, "The devices that are signed in.", Content::Json("Devices"))],
        ..mine("get", "/v1/devices", "devices", "Lists the devices that are signed in.")
    },
    Fixed {
        in_path: Some(("device", "The device.")),
        refusals: &[Code::BadRequest],
        ..mine(
            "delete",
            "/v1/devices/{device}",
            "sign_out_device",
            "Signs one of your devices out.",
        )
    },
    mine(
        "post",
        "/v1/devices/sign-out-others",
        "sign_out_others",
        "Signs out all devices but this one.",
    ),
    mine("delete", "/v1/session", "sign_out", "Signs this device out."),
    Fixed {
        answers: &[(
            200,
            "Both tokens are good until the new one is first used.",
            Content::Json("Rotated"),
        )],
        ..mine("post", "/v1/token", "rotate", "Gives this device a new token.")
    },
    Fixed {
        body: Some("Poll"),
        answers: &[(
            200,
            "What a socket would have told, at once or within wait_ms.",
            Content::Json("Polled"),
        )],
        refusals: &[Code::TooLarge, Code::BadRequest, Code::UnsupportedVersion],
        ..mine(
            "post",
            "/v1/poll",
            "poll",
            "Asks what is new, or waits for it: for whoever cannot hold a WebSocket.",
        )
    },
    Fixed {
        answers: &[
            (101, "From here on it is a WebSocket; say `hello`.", Content::Nothing),
            (
                426,
                "This is no WebSocket handshake of version 13.",
                Content::Json("Refusal"),
            ),
        ],
        refusals: &[Code::BadRequest],
        ..look(
            "/v1/ws",
            "socket",
            "Opens a WebSocket, the door for whoever stays. docs/PROTOCOL.md has its frames.",
        )
    },
    Fixed {
        answers: &[(200, "A few lines.", Content::Text("text/plain, text/html"))],
        ..look("/", "page", "What this is and how to talk to it.")
    },
    Fixed {
        answers: &[(200, "A page.", Content::Text("text/html"))],
        ..look(
            "/j/",
            "link_page",
            "What a browser shows who follows a link into a group: how to join.",
        )
    },
    Fixed {
        answers: &[(200, "This page.", Content::Text("text/html"))],
        ..look("/docs", "docs", "Every route, for people.")
    },
    Fixed {
        answers: &[(200, "OpenAPI 3.1.", Content::Any)],
        ..look("/openapi.json", "open_api", "Every route, for programs.")
    },
    Fixed {
        answers: &[(200, "It does.", PLAIN)],
        ..look("/healthz", "healthz", "Whether the process answers.")
    },
    Fixed {
        answers: &[(200, "It does.", PLAIN), (503, "It does not, and why.", PLAIN)],
        ..look(
            "/readyz",
            "readyz",
            "Whether the node takes sessions, and its store reads and writes.",
        )
    },
    Fixed {
        answers: &[(200, "OpenMetrics 1.0.", Content::Text("application/openmetrics-text"))],
        refusals: &[Code::NotFound],
        ..look(
            "/metrics",
            "metrics",
            "What the node counts. For this machine and private networks only.",
        )
    },
];
