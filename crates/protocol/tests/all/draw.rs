//! Where examples get their values from: one builder per frame, three sources. `Full` fills every field, `Bare` leaves
//! out what may be left out, `Random` decides by bytes that proptest hands in and shrinks.

use protocol::position::POSITION_MAX;
use serde_json::value::RawValue;
use uuid::Uuid;

/// How a [`Draw`] decides.
enum Source {
    /// Every option is there, every list has two items.
    Full,
    /// No option is there, every list is empty.
    Bare,
    /// As these bytes say; nought when they are used up.
    Random(Vec<u8>),
}

/// A source of values for one example.
pub struct Draw {
    source: Source,
    /// Which alternative `Full` and `Bare` take, where a frame has several.
    turn: usize,
    /// How much has been drawn: bytes of `Random`, values of the others.
    used: usize,
}

impl Draw {
    /// Everything filled, with this alternative.
    pub fn full(turn: usize) -> Self {
        Self {
            source: Source::Full,
            turn,
            used: 0,
        }
    }

    /// Nothing that may be left out.
    pub fn bare() -> Self {
        Self {
            source: Source::Bare,
            turn: 0,
            used: 0,
        }
    }

    /// As `bytes` say.
    pub fn random(bytes: Vec<u8>) -> Self {
        Self {
            source: Source::Random(bytes),
            turn: 0,
            used: 0,
        }
    }

    fn byte(&mut self) -> u8 {
        let byte = match &self.source {
            Source::Random(bytes) => bytes.get(self.used).copied().unwrap_or(0),
            Source::Full | Source::Bare => u8::try_from(self.used % 251 + 1).expect("below 252"),
        };
        self.used += 1;
        byte
    }

    /// One of `n` alternatives.
    pub fn choice(&mut self, n: usize) -> usize {
        match self.source {
            Source::Random(_) => usize::from(self.byte()) % n,
            Source::Full | Source::Bare => self.turn % n,
        }
    }

    /// A position or a time: mostly small, sometimes the largest.
    pub fn number(&mut self) -> u64 {
        let small = u64::from(self.byte());
        match self.source {
            Source::Random(_) => match small {
                255 => POSITION_MAX,
                200..=254 => u64::from(self.byte()) << 40,
                _ => small,
            },
            Source::Full | Source::Bare => small,
        }
    }

    pub fn flag(&mut self) -> bool {
        match self.source {
            Source::Full => true,
            Source::Bare => false,
            Source::Random(_) => self.byte() % 2 == 1,
        }
    }

    pub fn option<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| make(self))
    }

    pub fn list<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let n = match self.source {
            Source::Full => 2,
            Source::Bare => 0,
            Source::Random(_) => self.byte() % 4,
        };
        (0..n).map(|_| make(self)).collect()
    }

    pub fn uuid(&mut self) -> Uuid {
        let bytes = match self.source {
            Source::Random(_) => std::array::from_fn(|_| self.byte()),
            Source::Full | Source::Bare => [self.byte(); 16],
        };
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// A text with whatever JSON has to escape.
    pub fn text(&mut self) -> String {
        const PIECES: &[&str] = &[
            "a",
            "é",
            "\"",
            "\\",
            "\n",
            "\0",
            "\u{1f600}",
            "{\"t\":\"ack\"}",
            "\u{2028}",
            " at line 1",
        ];
        match self.source {
            Source::Full | Source::Bare => format!("text {}", self.byte()),
            Source::Random(_) => {
                let n = self.byte() % 6;
                (0..n)
                    .map(|_| PIECES[usize::from(self.byte()) % PIECES.len()])
                    .collect()
            }
        }
    }

    /// The source of a body, with fields that nobody knows and spaces that nobody would write.
    pub fn body(&mut self) -> Box<RawValue> {
        let text = serde_json::to_string(&self.text()).expect("a text is JSON");
        let source = match self.choice(4) {
            0 => format!("{{\"text\":{text}}}"),
            1 => format!("{{ \"text\" :\t{text} , \"colour\":\"\\u0062lue\", \"n\":1.50e+2 }}"),
            2 => format!("{{\"x\":[{text},{{\"deep\":[[null, true]]}}],\"text\":{text}}}"),
            _ => "{}".to_owned(),
        };
        RawValue::from_string(source).expect("each form is JSON")
    }
}
