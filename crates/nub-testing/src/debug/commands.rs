//! What a person may say.

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Run so many instructions.
    Step(u64),
    /// Run to a breakpoint, or to the end.
    Continue,
    /// Stop there, an address or an endpoint's name; without one, list where.
    Break(Option<String>),
    /// Do not stop there any more.
    Delete(u32),
    /// Show the registers.
    Registers,
    /// Show octets of memory.
    Memory(u64, u64),
    /// Show what was read from and written to storage.
    Storage,
    /// Show instructions from here on.
    List(u64),
    /// Show the calls that led here.
    Calls,
    /// Show the commands.
    Help,
    /// Run on without stopping.
    Quit,
}

/// The commands, for people.
pub(super) const HELP: &str = "\
step, s [n]        run n instructions (1)
continue, c        run to a breakpoint or the end
break, b [at]      stop at an address or endpoint; without one, list them
delete, d at       do not stop there
registers, r       r0 to r12, pc, gas
memory, m at [n]   n octets of memory (64), numbers decimal or 0x…
storage, st        storage as it was read and written
list, l [n]        n instructions from here (10)
calls, bt          the calls that led here
quit, q            run on to the end
an empty line      the last command again
";

impl Command {
    /// Reads a line.
    pub(super) fn parse(line: &str) -> Option<Command> {
        let mut words = line.split_whitespace();
        let name = words.next()?;
        let argument = words.next();
        let count = |default| argument.map_or(Some(default), number);
        Some(match name {
            "step" | "s" => Command::Step(count(1)?),
            "continue" | "c" => Command::Continue,
            "break" | "b" => Command::Break(argument.map(str::to_owned)),
            "delete" | "d" => Command::Delete(u32::try_from(number(argument?)?).ok()?),
            "registers" | "r" => Command::Registers,
            "memory" | "m" => Command::Memory(number(argument?)?, words.next().map_or(Some(64), number)?),
            "storage" | "st" => Command::Storage,
            "list" | "l" => Command::List(count(10)?),
            "calls" | "bt" => Command::Calls,
            "help" | "h" => Command::Help,
            "quit" | "q" => Command::Quit,
            _ => return None,
        })
    }
}

/// A number, decimal or hexadecimal.
pub(super) fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_commands_or_nothing() {
        assert_eq!(Command::parse("s 5"), Some(Command::Step(5)));
        assert_eq!(Command::parse("m 0x10000 8"), Some(Command::Memory(0x10000, 8)));
        assert_eq!(Command::parse("b transfer"), Some(Command::Break(Some("transfer".into()))));
        for line in ["", "x", "s x", "m", "d", "m 1 y"] {
            assert_eq!(Command::parse(line), None, "{line}");
        }
    }
}
