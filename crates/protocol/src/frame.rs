//! What both directions of the wire share: one JSON object a frame, `t` its type, `id` on a request, `re` on its
//! answer.
//!
//! Decoding takes two looks at the text: one for `t` and `id` alone, one for the fields of that type. A single look
//! with a tagged enum would copy every frame into a tree first and could not keep a body's source text, and it could
//! not answer a frame of an unknown type by its `id`.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The number a client gives a request; its answer carries it as `re`. The client chooses; a counter will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// Why a text is not a frame. `id` is there when it could be read all the same, so that the refusal can name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Not a JSON object with a `t`.
    NotAFrame,
    /// A `t` that this program does not know. A server refuses the request and goes on; a client ignores it.
    UnknownType {
        /// The request it came with.
        id: Option<RequestId>,
    },
    /// The type is known, a field is missing or has the wrong shape.
    Field {
        /// The request it came with.
        id: Option<RequestId>,
        /// What the parser says of it; names fields, quotes nothing a person wrote.
        reason: String,
    },
}

/// The first look: type and number, everything else passed over.
#[derive(Deserialize)]
pub(crate) struct Head<'a> {
    #[serde(borrow)]
    pub t: Cow<'a, str>,
    #[serde(default)]
    pub id: Option<RequestId>,
    #[serde(default)]
    pub re: Option<RequestId>,
}

impl<'a> Head<'a> {
    pub(crate) fn read(source: &'a str) -> Result<Self, Malformed> {
        if !source.trim_start().starts_with('{') {
            return Err(Malformed::NotAFrame);
        }
        serde_json::from_str(source).map_err(|_| Malformed::NotAFrame)
    }
}

/// Reads the fields of a frame whose type is known.
pub(crate) fn fields<'a, T: Deserialize<'a>>(source: &'a str, id: Option<RequestId>) -> Result<T, Malformed> {
    // A list of the fields in order would pass for a struct here, and for nothing in any other language.
    if !source.trim_start().starts_with('{') {
        return Err(Malformed::NotAFrame);
    }
    serde_json::from_str(source).map_err(|e| Malformed::Field { id, reason: reason(&e) })
}

/// The parser's complaint without what it quotes: that may be what a person wrote, or a token. Only forms that are
/// known to end in words of this program are passed on, and of those only that end.
fn reason(error: &serde_json::Error) -> String {
    if !error.is_data() {
        return "it is not JSON".to_owned();
    }
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&position).unwrap_or(&text);
    for name_only in ["missing field `", "duplicate field `"] {
        if text.starts_with(name_only) {
            return text.to_owned();
        }
    }
    let kinds = ["invalid type", "invalid value", "invalid length", "unknown variant"];
    let kind = kinds
        .into_iter()
        .find(|kind| text.starts_with(kind))
        .unwrap_or("invalid value");
    // The last one: what came before it may be quoted. What is expected is said by this program.
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("{kind}: expected {expected}"),
        None => format!("{kind}: expected another shape"),
    }
}

/// Declares one direction's frames: the enum, its words, `decode` and `encode`.
macro_rules! frames {
    (
        $(#[$doc:meta])*
        pub enum $name:ident, number $number:ident {
            $( $(#[doc = $frame_doc:literal])* $word:literal => $variant:ident($fields:ty), )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[serde(tag = "t")]
        pub enum $name {
            $( $(#[doc = $frame_doc])* #[serde(rename = $word)] $variant($fields), )*
        }

        impl $name {
            /// Every type's word on the wire, in the order of the declaration.
            pub const WORDS: &[&str] = &[$($word),*];

            /// This frame's word on the wire.
            #[must_use]
            pub fn word(&self) -> &'static str {
                match self {
                    $( Self::$variant(_) => $word, )*
                }
            }

            /// Reads one frame and the number that came with it.
            ///
            /// # Errors
            /// [`crate::frame::Malformed`] says what kept it from being read.
            pub fn decode(
                source: &str,
            ) -> Result<(Option<crate::frame::RequestId>, Self), crate::frame::Malformed> {
                let head = crate::frame::Head::read(source)?;
                let number = head.$number;
                Ok((number, Self::decode_fields(&head.t, source, number)?))
            }

            /// Reads the fields of a frame whose word is known from elsewhere: from the path of a request.
            ///
            /// # Errors
            /// As [`Self::decode`]; `number` goes into the error.
            pub fn decode_fields(
                word: &str,
                source: &str,
                number: Option<crate::frame::RequestId>,
            ) -> Result<Self, crate::frame::Malformed> {
                match word {
                    $( $word => Ok(Self::$variant(crate::frame::fields(source, number)?)), )*
                    _ => Err(crate::frame::Malformed::UnknownType { id: number }),
                }
            }

            /// Every type with its sentence and the shape of its fields, in the order of the declaration: what a
            /// description of the wire is made from.
            #[cfg(feature = "openapi")]
            #[must_use]
            pub fn shapes() -> Vec<crate::schema::Shape> {
                vec![$( crate::schema::Shape::of::<$fields>($word, &[$($frame_doc),*]), )*]
            }

            /// Writes one frame, with the number of the request it is or answers, if any.
            #[must_use]
            pub fn encode(&self, $number: Option<crate::frame::RequestId>) -> String {
                #[derive(serde::Serialize)]
                struct Numbered<'a> {
                    #[serde(flatten)]
                    frame: &'a $name,
                    #[serde(skip_serializing_if = "Option::is_none")]
                    $number: Option<crate::frame::RequestId>,
                }
                serde_json::to_string(&Numbered { frame: self, $number })
                    .expect("frames hold nothing that JSON cannot say")
            }
        }
    };
}
pub(crate) use frames;
