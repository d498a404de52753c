//! What was measured, as a table in Markdown.

use std::fmt;

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

    /// Adds figures with so many digits after the point, those of the first stores, and what is aimed at.
    pub fn row(&mut self, title: &str, figures: &[f64], digits: usize, target: &str) {
        let cell = |at: usize| figures.get(at).map_or(String::new(), |figure| format!("{figure:.digits$}"));
        let cells: Vec<String> = (0..self.names.len()).map(cell).collect();
        eprintln!("  {title}: {}", cells.join("  "));
        self.rows.push([title.to_owned(), cells.join(" | "), target.to_owned()]);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| | {} | target |", self.names.join(" | "))?;
        writeln!(f, "|---|{}---|", "---:|".repeat(self.names.len()))?;
        self.rows
            .iter()
            .try_for_each(|[title, cells, target]| writeln!(f, "| {title} | {cells} | {target} |"))
    }
}
