//! The wire as JSON Schema, for `/openapi.json`: most types derive theirs; those whose shape on the wire is not that of
//! their fields are written out here.
//!
//! A schema says the shape. What else must be true (a length in bytes, a kind that only the server may write) is said
//! by a refusal.

use crate::body::Kind;
use crate::position::POSITION_MAX;
use crate::server_frame::Role;
use crate::token::TokenText;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};

/// A schema under its name, as other schemas refer to it.
pub type Named = (String, RefOr<Schema>);

/// One type of frame: its word, what it is for, the shape of its fields.
#[derive(Clone)]
pub struct Shape {
    /// Its word on the wire.
    pub word: &'static str,
    /// The sentences that stand at its place in the index of frames.
    pub say: String,
    /// The name of the schema of its fields.
    pub name: String,
    /// That schema and every other that it refers to; one may stand here several times.
    pub schemas: Vec<Named>,
}

impl Shape {
    /// The shape of a frame whose fields are those of `T`.
    pub(crate) fn of<T: ToSchema>(word: &'static str, say: &[&str]) -> Self {
        let lines: Vec<&str> = say.iter().map(|line| line.trim()).collect();
        let (name, schemas) = described::<T>();
        Self {
            word,
            say: lines.join(" "),
            name,
            schemas,
        }
    }
}

/// The name of a type's schema; that schema and every other that it refers to.
#[must_use]
pub fn described<T: ToSchema>() -> (String, Vec<Named>) {
    // A box's own name is `Box`, whatever lies in it.
    let name = match T::name() {
        name if name == "Box" => std::any::type_name::<T>()
            .trim_end_matches('>')
            .rsplit(':')
            .next()
            .unwrap_or("")
            .into(),
        name => name.into_owned(),
    };
    let mut schemas = vec![(name.clone(), T::schema())];
    T::schemas(&mut schemas);
    (name, schemas)
}

/// Gives a type a schema of its own under its own name.
macro_rules! named {
    ($name:ident, $schema:expr) => {
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $schema
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    };
}
pub(crate) use named;

/// The name of a thing.
pub(crate) fn id(say: &str) -> RefOr<Schema> {
    text(say).format(Some(SchemaFormat::Custom("uuid".to_owned()))).into()
}

/// A place in a log, an inbox, a mailbox.
pub(crate) fn place(say: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .maximum(Some(POSITION_MAX))
        .description(Some(say.trim()))
        .into()
}

fn text(say: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(say.trim()))
}

named!(
    Kind,
    text(
        "What sort of entry: a short lower-case word. A client sends `text`, or a word of its own that no server uses."
    )
    .into()
);
named!(
    TokenText,
    text("How a device proves that it is one: `user.device.secret`. It never stands in a URL.").into()
);
named!(
    Role,
    text("What somebody may do: `member`, `admin` or `owner`. A role you do not know is `member`.").into()
);
