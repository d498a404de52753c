//! What was measured, as a table in Markdown, with the aims and whether they are met.

use std::fmt;

/// What a row aims at.
pub enum Aim {
    /// At nothing: it explains the others.
    None,
    /// At no more in the first column.
    AtMost(f64),
    /// At so much or more in each column after the first.
    AtLeast(&'static [f64]),
}

/// Rows of figures, a column for each store.
pub struct Table {
    names: Vec<&'static str>,
    rows: Vec<[String; 3]>,
}

impl Table {
    /// One without rows.
    pub fn new(names: impl Iterator<Item = &'static str>) -> Self {
        Self { names: names.collect(), rows: Vec::new() }
    }

    /// Adds figures with so many digits after the point, those of the first stores.
    pub fn row(&mut self, title: &str, figures: &[f64], digits: usize, aim: Aim) {
        let cell = |at: usize| figures.get(at).map_or(String::new(), |figure| format!("{figure:.digits$}"));
        let cells: Vec<String> = (0..self.names.len()).map(cell).collect();
        let verdict = self.verdict(figures, aim);
        eprintln!("  {title}: {}  {verdict}", cells.join("  "));
        self.rows.push([title.to_owned(), cells.join(" | "), verdict]);
    }

    /// The aim in words, and whether it is met. Of stores that are not there nothing is said.
    fn verdict(&self, figures: &[f64], aim: Aim) -> String {
        let (words, is_met) = match aim {
            Aim::None => return String::new(),
            Aim::AtMost(most) => (format!("≤ {most}"), figures.first().is_some_and(|figure| *figure <= most)),
            Aim::AtLeast(least) => {
                let columns = least.iter().zip(figures.iter().zip(&self.names).skip(1));
                let words: Vec<_> =
                    columns.clone().map(|(least, (_, name))| format!("{name} ≥ {least}")).collect();
                (words.join(", "), columns.clone().all(|(least, (figure, _))| figure >= least))
            }
        };
        match (words.is_empty(), is_met) {
            (true, _) => words,
            (false, true) => format!("{words}: met"),
            (false, false) => format!("{words}: **missed**"),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | {} | aim |", self.names.join(" | "))?;
        writeln!(f, "|---|{}---|", "---:|".repeat(self.names.len()))?;
        self.rows
            .iter()
            .try_for_each(|[title, cells, verdict]| writeln!(f, "| {title} | {cells} | {verdict} |"))
    }
}
