//! The flags of the settings, as clap knows them.

use super::given::Said;
use super::kind::Kind;
use super::settings::{Part, SETTINGS, Setting};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

/// What the flags of a command line say of the settings.
pub struct Flags(pub Said);

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        SETTINGS
            .iter()
            .fold(command, |command, setting| command.arg(argument(setting)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut said = Said::new();
        for setting in SETTINGS {
            if let Some(texts) = matches.get_many::<String>(setting.name) {
                said.insert(setting.name, texts.cloned().collect());
            }
        }
        Ok(Self(said))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn argument(setting: &'static Setting) -> Arg {
    let kind = setting.kind;
    let check = move |text: &str| match kind.check(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(expected) => Err(format!("expected {expected}")),
    };
    let argument = Arg::new(setting.name)
        .long(setting.name)
        .value_name(kind.value_name())
        .value_parser(check)
        .help(help(setting));
    let argument = match setting.part {
        Part::Usual => argument,
        Part::Drills => argument.help_heading("Benchmarks and drills"),
    };
    match kind {
        Kind::Switch => argument
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        _ if kind.is_list() => argument.action(ArgAction::Append).value_delimiter(','),
        _ => argument,
    }
}

fn help(setting: &Setting) -> String {
    let mut help = setting.says.to_owned();
    if let Kind::Choice(words) = setting.kind {
        help.push_str(&format!(" [{}]", words.join(", ")));
    }
    if !setting.unit.is_empty() {
        help.push_str(&format!(" [in: {}]", setting.unit));
    }
    if !setting.default.is_empty() && setting.kind != Kind::Switch {
        help.push_str(&format!(" [default: {}]", setting.default));
    }
    help.push_str(&format!(" [env: {}]", setting.variable()));
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Said, String> {
        let command = Flags::augment_args(Command::new("x"));
        let matches = command
            .try_get_matches_from(line.split(' '))
            .map_err(|error| error.to_string())?;
        Ok(Flags::from_arg_matches(&matches).expect("it is whole").0)
    }

    /// CFG1: every setting has its flag.
    #[test]
    fn every_setting_has_its_flag() {
        let command = Flags::augment_args(Command::new("x"));
        command.clone().debug_assert();
        let flags: Vec<String> = command
            .get_arguments()
            .filter_map(|one| one.get_long().map(str::to_owned))
            .collect();
        for setting in SETTINGS {
            assert!(flags.iter().any(|flag| flag == setting.name), "{}", setting.name);
        }
        assert_eq!(flags.len(), SETTINGS.len());
    }

    #[test]
    fn flags_say_what_was_typed() {
        let said = parse("x --listen 127.0.0.1:1,127.0.0.1:2 --listen [::1]:3 --no-rates").expect("right");
        assert_eq!(said["listen"], ["127.0.0.1:1", "127.0.0.1:2", "[::1]:3"]);
        assert_eq!(said["no-rates"], ["true"]);
        assert_eq!(said.len(), 2, "what was not typed was not said");
        assert_eq!(parse("x --no-rates=false").expect("right")["no-rates"], ["false"]);
    }

    /// CFG2: a flag's wrong value is told what was expected.
    #[test]
    fn a_wrong_flag_is_told_what_was_expected() {
        let says = parse("x --beat-ms soon").expect_err("wrong");
        assert!(
            says.contains("'soon' for '--beat-ms <NUMBER>': expected a whole number from 100 to 600000"),
            "{says}"
        );
    }
}
