//! What can be asked of `swarm`.

use clap::Parser;
use std::path::PathBuf;
use swarm::plan::Shape;

/// Devices of each person where nobody says how many.
const DEVICES_EACH: u32 = 2;
/// People where nobody says how many.
const PEOPLE: u32 = 50;

/// Many people at once, who write, read, join, leave, vanish and come back, while the server is killed under them.
/// At the end everybody reads everything once more, and all that they were told is held against it.
#[derive(Clone, Debug, Parser)]
#[command(name = "swarm", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Arguments {
    /// People. Each also has an ear: a socket that writes down what a session is really told.
    #[arg(
        long,
        default_value_t = PEOPLE,
        value_name = "COUNT",
        value_parser = clap::value_parser!(u32).range(2..=10_000)
    )]
    pub people: u32,
    /// Devices of each.
    #[arg(
        long,
        default_value_t = DEVICES_EACH,
        value_name = "COUNT",
        value_parser = clap::value_parser!(u32).range(1..=16)
    )]
    pub devices: u32,
    /// For how long they act: `20s`, `500ms`, `5m`.
    #[arg(long = "for", default_value = "20s", value_name = "TIME", value_parser = lasting)]
    pub for_ms: u64,
    /// How often the server is killed (-9) meanwhile, and started again.
    #[arg(long, default_value_t = 0, value_name = "COUNT")]
    pub kill: u32,
    /// What the plan and all chance come from; the same seed gives the same plan. Without it: a new one, which is told.
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Say nothing on standard output but the last line, which is JSON.
    #[arg(long)]
    pub json: bool,
    /// What people do in a second, all together; without it: four things each.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..), help_heading = "The plan")]
    pub steps_per_s: Option<u32>,
    /// Devices in a hundred that take nothing of what is written to them, for a while.
    #[arg(
        long,
        value_name = "PERCENT",
        value_parser = clap::value_parser!(u8).range(..=100),
        help_heading = "The plan"
    )]
    pub frozen_percent: Option<u8>,
    /// Devices in a hundred that read very slowly, for a while.
    #[arg(
        long,
        value_name = "PERCENT",
        value_parser = clap::value_parser!(u8).range(..=100),
        help_heading = "The plan"
    )]
    pub slow_percent: Option<u8>,
    /// Carry out a plan that was saved, whatever else is said about people and chance.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["people", "devices", "for_ms", "seed", "steps_per_s", "frozen_percent", "slow_percent"],
        help_heading = "The plan"
    )]
    pub plan: Option<PathBuf>,
    /// A server that runs already, and lets everybody sign up. It is not killed, and keeps what is said.
    #[arg(
        long,
        value_name = "URL",
        conflicts_with_all = ["kill", "server", "hints", "mutant"],
        help_heading = "The server"
    )]
    pub url: Option<String>,
    /// The program to start as a server; without it, `tidings` beside this program.
    #[arg(long, value_name = "PROGRAM", help_heading = "The server")]
    pub server: Option<PathBuf>,
    /// Of the hints in the server lose, double, delay so many in a hundred, up to so many milliseconds.
    #[arg(long, value_name = "LOSE,DOUBLE,DELAY,MS", help_heading = "The server")]
    pub hints: Option<String>,
    /// A fault to choose in a server that was built with planted ones, to see it caught.
    #[arg(long, value_name = "NAME", help_heading = "The server")]
    pub mutant: Option<String>,
    /// Where plan, history, page and the server's log are kept; without it a new directory, which is told.
    #[arg(long, value_name = "DIRECTORY")]
    pub out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  swarm                                  50 people for 20 seconds, at a server of their own.
  swarm --kill 3 --seed 7                The same, and the server is killed three times.
  swarm --people 200 --for 5m --kill 50 --hints 20,20,20,60
                                         More bad luck than a year has.
  swarm --url ws://localhost:8080        At a server that runs. Then look at its metrics.
  swarm --plan swarm-7/plan.json         What was done once, once more.
  swarm --json --seed 7 | tail -n 1      For a script: the last line is JSON, always.

It ends with 0 if nothing was wrong, with 1 if something was (the page shows what), with 2
if it could not go on. Ctrl-C: people stop acting, and what happened so far is judged; once
more: it ends at once.";

impl Arguments {
    /// The people, as asked for.
    pub fn shape(&self) -> Shape {
        let usual = Shape::of(self.people, self.for_ms);
        Shape {
            devices_each: self.devices,
            steps_per_s: self.steps_per_s.unwrap_or(usual.steps_per_s),
            frozen_percent: self.frozen_percent.unwrap_or(usual.frozen_percent),
            slow_percent: self.slow_percent.unwrap_or(usual.slow_percent),
            ..usual
        }
    }
}

/// A length of time as people write it, in milliseconds.
fn lasting(text: &str) -> Result<u64, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = text[..text.len() - unit.len()].parse::<u64>().ok();
    let unit_ms = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" | "min" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let ms = number
        .zip(unit_ms)
        .and_then(|(number, unit_ms)| number.checked_mul(unit_ms));
    ms.filter(|ms| (1_000..=7 * 24 * 3_600_000).contains(ms))
        .ok_or_else(|| "a time is a number and its unit, from one second to a week: 20s, 1500ms, 5m, 2h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parsed(words: &[&str]) -> Result<Arguments, String> {
        let all = std::iter::once("swarm").chain(words.iter().copied());
        Arguments::try_parse_from(all).map_err(|error| error.to_string())
    }

    #[test]
    fn the_index_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn usual_people_are_asked_for_by_nothing() {
        let arguments = parsed(&[]).expect("nothing is enough");
        assert_eq!(arguments.shape(), Shape::of(PEOPLE, 20_000));
        assert_eq!((arguments.kill, arguments.seed, arguments.json), (0, None, false));
    }

    #[test]
    fn everything_asked_for_is_in_the_shape() {
        let words = "--people 9 --devices 3 --for 1m --steps-per-s 70 --frozen-percent 0 --slow-percent 100 --kill 4";
        let arguments = parsed(&words.split(' ').collect::<Vec<_>>()).expect("it is well said");
        let shape = arguments.shape();
        assert_eq!((shape.people, shape.devices_each, shape.for_ms), (9, 3, 60_000));
        assert_eq!(
            (shape.steps_per_s, shape.frozen_percent, shape.slow_percent),
            (70, 0, 100)
        );
        assert_eq!(arguments.kill, 4);
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, ms) in [("20s", 20_000), ("1500ms", 1_500), ("5m", 300_000), ("2h", 7_200_000)] {
            assert_eq!(lasting(text), Ok(ms), "{text}");
        }
        for bad in [
            "",
            "20",
            "s",
            "-1s",
            "1.5s",
            "20 s",
            "999ms",
            "99999999999999999999s",
            "18446744073709551615h",
            "9000h",
        ] {
            assert!(lasting(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_not_taken() {
        for bad in [
            "--url ws://x --kill 1",
            "--url ws://x --mutant seq-from-clock",
            "--plan p.json --seed 7",
            "--people 1",
            "--frozen-percent 101",
        ] {
            assert!(parsed(&bad.split(' ').collect::<Vec<_>>()).is_err(), "{bad}");
        }
    }
}
