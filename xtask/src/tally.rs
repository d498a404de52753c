//! Counting tests by what libtest prints.

use std::fmt;

/// How many tests passed, failed, were skipped.
///
/// Skipped are those libtest ignored, and those that printed a line beginning `SKIPPED:` and then passed, as a
/// test does that finds its machine lacking; the latter are not counted as passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that ran and held.
    pub passed: u64,
    /// Tests that did not hold, and test programs that did not end as one should.
    pub failed: u64,
    /// Tests that did not run.
    pub skipped: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Reads the output of `cargo test … -- --show-output`, line by line.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Counts,
    section: Section,
    /// The current test's output held a line `SKIPPED:` already; a test is skipped once.
    skip_seen: bool,
    /// Skips of tests in the current test program.
    skips_pending: u64,
}

/// Whose output the lines are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    /// Nobody's: between tests.
    #[default]
    Outside,
    /// Tests that passed.
    Successes,
    /// Tests that failed, whatever else they say.
    Failures,
}

impl Tally {
    /// Takes one line of output, without its end.
    pub fn line(&mut self, line: &str) {
        match line.trim_end() {
            "successes:" => self.enter(Section::Successes),
            "failures:" => self.enter(Section::Failures),
            text if is_test_header(text) => self.skip_seen = false,
            text if text.starts_with("SKIPPED:") => self.skip(),
            text => self.result(text),
        }
    }

    /// The sums so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Counts a failure that libtest did not count: a test program that crashed or did not compile.
    pub fn failure(&mut self) {
        self.counts.failed += 1;
    }

    fn enter(&mut self, section: Section) {
        self.section = section;
        self.skip_seen = false;
    }

    fn skip(&mut self) {
        match self.section {
            Section::Successes if !self.skip_seen => {
                self.skip_seen = true;
                self.skips_pending += 1;
            }
            Section::Outside => self.counts.skipped += 1,
            Section::Successes | Section::Failures => {}
        }
    }

    fn result(&mut self, line: &str) {
        let Some(result) = parse_result(line) else { return };
        // A line in its output does not make a test of a test that is none.
        let skips = self.skips_pending.min(result.passed);
        self.counts.passed += result.passed - skips;
        self.counts.failed += result.failed;
        self.counts.skipped += result.skipped + skips;
        self.skips_pending = 0;
        self.enter(Section::Outside);
    }
}

fn is_test_header(line: &str) -> bool {
    line.starts_with("---- ") && line.ends_with(" stdout ----")
}

/// `test result: ok. 27 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.21s`
fn parse_result(line: &str) -> Option<Counts> {
    let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut counts = Counts::default();
    for part in numbers.split("; ") {
        let Some((number, name)) = part.split_once(' ') else { continue };
        let field = match name {
            "passed" => &mut counts.passed,
            "failed" => &mut counts.failed,
            "ignored" => &mut counts.skipped,
            _ => continue,
        };
        *field = number.parse().ok()?;
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(output: &str) -> Counts {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.line(line));
        tally.counts()
    }

    fn counts(passed: u64, failed: u64, skipped: u64) -> Counts {
        Counts { passed, failed, skipped }
    }

    #[test]
    fn results_of_all_programs_are_summed() {
        let output = "running 3 tests\ntest a ... ok\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: FAILED. 4 passed; 3 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.00s\n";
        assert_eq!(tally(output), counts(6, 3, 1));
        assert_eq!(counts(6, 3, 1).to_string(), "6 passed, 3 failed, 1 skipped");
    }

    #[test]
    fn a_passing_test_that_says_skipped_is_skipped_once() {
        let output = "successes:\n\n---- boots stdout ----\nSKIPPED: no /dev/kvm\nSKIPPED: again\n\n\
            ---- adds stdout ----\nfine\n\n\nsuccesses:\n    adds\n    boots\n\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        assert_eq!(tally(output), counts(1, 0, 1));
    }

    #[test]
    fn a_failing_test_that_says_skipped_has_failed() {
        let output = "successes:\n\nsuccesses:\n    a\n\nfailures:\n\n---- b stdout ----\nSKIPPED: no\n\n\
            thread 'b' panicked\n\nfailures:\n    b\n\n\
            test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        assert_eq!(tally(output), counts(1, 1, 0));
    }

    #[test]
    fn a_skip_outside_of_tests_counts_as_one() {
        assert_eq!(tally("SKIPPED: guest lint: no clippy\n"), counts(0, 0, 1));
        assert_eq!(tally("note SKIPPED: quoted\n"), counts(0, 0, 0));
    }

    #[test]
    fn skips_never_make_the_number_of_passed_tests_negative() {
        let output = "successes:\n---- a stdout ----\nSKIPPED: x\n---- b stdout ----\nSKIPPED: y\n\
            test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        assert_eq!(tally(output), counts(0, 0, 1));
    }

    #[test]
    fn other_lines_are_not_results() {
        for line in
            ["", "test result:", "test result: ok.", "test a ... ok", "xtest result: ok. 1 passed; 0 failed"]
        {
            assert_eq!(tally(line), counts(0, 0, 0), "{line:?}");
        }
    }
}
